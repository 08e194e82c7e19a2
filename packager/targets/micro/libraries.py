"""The platforms that build a project, and what brings TensorFlow Lite Micro to each: ``libraries.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from packager.settings import Choice
from packager.targets.micro.tables import read_table


class Platform(Choice):
    """What builds the project."""

    ARDUINO = "arduino", "Arduino: a sketch, or a library."
    CMAKE = "cmake", "CMake, with any TensorFlow Lite Micro tree or library, for a board or for this computer."
    ESP_IDF = "esp-idf", "ESP-IDF, with esp-tflite-micro as its component."
    ZEPHYR = "zephyr", "Zephyr, with its module tflite-micro."
    PICO = "pico", "The Pico SDK, with pico-tflmicro."
    PLATFORMIO = "platformio", "PlatformIO."


class ArduinoLibrary(Choice):
    """The Arduino library of TensorFlow Lite Micro."""

    TENSORFLOW = "tensorflow", "Arduino_TensorFlowLite, for the Nano 33 BLE alone."
    CHIRALE = "chirale", "Chirale_TensorFlowLite."


class Kernels(StrEnum):
    """What computes the operators: TensorFlow Lite Micro's own code, or a chip maker's faster one for some."""

    REFERENCE = "reference"
    CMSIS_NN = "CMSIS-NN"
    ESP_NN = "ESP-NN"


@dataclass(frozen=True)
class Library:
    """A library: ``lacks`` are operators of upstream's that it has not, ``document`` and ``url`` say how we know.

    It has ``kernels`` for the cores whose names begin with ``kernel_cores``, and the reference ones for all others.
    ``accelerators`` are those whose operator it can be built with.
    """

    title: str
    lacks: frozenset[str]
    kernels: Kernels
    kernel_cores: str
    accelerators: tuple[str, ...]
    document: str
    url: str

    def kernels_on(self, core: str) -> Kernels:
        """The kernels that run on ``core``, by the name that a board has for it."""
        return self.kernels if core.startswith(self.kernel_cores) else Kernels.REFERENCE


def _read_libraries() -> Mapping[str, Library]:
    return {
        key: Library(
            title=table["title"],
            lacks=frozenset(table["lacks"]),
            kernels=Kernels(table["kernels"]),
            kernel_cores=table["kernel_cores"],
            accelerators=tuple(table["accelerators"]),
            document=table["document"],
            url=table["url"],
        )
        for key, table in read_table("libraries").items()
    }


LIBRARIES = _read_libraries()

_LIBRARY_OF = {
    Platform.CMAKE: "tflite-micro",
    Platform.ESP_IDF: "esp-tflite-micro",
    Platform.ZEPHYR: "zephyr",
    Platform.PICO: "pico-tflmicro",
    # The platform builds for Arduino's cores.
    Platform.PLATFORMIO: ArduinoLibrary.CHIRALE,
}


def library_of(platform: Platform, arduino_library: ArduinoLibrary) -> Library:
    """The library that a project of ``platform`` is built with."""
    return LIBRARIES[_LIBRARY_OF.get(platform, arduino_library)]
