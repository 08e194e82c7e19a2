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


class Accelerator(Choice):
    """What computes beside the core."""

    ETHOS_U = "ethos-u", "An Arm Ethos-U, for which vela compiled the model."


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


# What the libraries' kernels call for an operator of int8: one of these functions is in a program where a chip
# maker's kernel is. ESP-NN has variants for the chips.
_ESP_NN = ("ansi", "opt", "esp32s3", "esp32p4")
FUNCTIONS: Mapping[Kernels, Mapping[str, tuple[str, ...]]] = {
    Kernels.REFERENCE: {},
    Kernels.CMSIS_NN: {
        "ADD": ("arm_elementwise_add_s8",),
        "AVERAGE_POOL_2D": ("arm_avgpool_s8",),
        "CONV_2D": ("arm_convolve_wrapper_s8",),
        "DEPTHWISE_CONV_2D": ("arm_depthwise_conv_wrapper_s8",),
        "FULLY_CONNECTED": ("arm_fully_connected_s8", "arm_fully_connected_wrapper_s8"),
        "MAX_POOL_2D": ("arm_max_pool_s8",),
        "MUL": ("arm_elementwise_mul_s8",),
        "SOFTMAX": ("arm_softmax_s8",),
        "SVDF": ("arm_svdf_s8",),
    },
    Kernels.ESP_NN: {
        operator: tuple(f"esp_nn_{function}_s8_{variant}" for variant in _ESP_NN)
        for operator, function in {
            "ADD": "add_elementwise",
            "AVERAGE_POOL_2D": "avg_pool",
            "CONV_2D": "conv",
            "DEPTHWISE_CONV_2D": "depthwise_conv",
            "FULLY_CONNECTED": "fully_connected",
            "MAX_POOL_2D": "max_pool",
            "MUL": "mul_elementwise",
            "SOFTMAX": "softmax",
        }.items()
    },
}
