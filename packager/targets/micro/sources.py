"""What a generated project takes its input from: the serial port, or a device of its board.

What boards have, and the libraries that read it, stand in ``devices.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from packager.settings import Choice
from packager.targets.micro.libraries import Platform
from packager.targets.micro.tables import read_table
from packager.tasks import InputKind

if TYPE_CHECKING:
    from packager.model import Tensor
    from packager.targets.micro.boards import Board


class InputSource(Choice):
    """What a project takes its input from."""

    SERIAL = "serial", "The serial port, or the console."
    CAMERA = "camera", "The board's camera."
    MICROPHONE = "microphone", "The board's microphone."
    IMU = "imu", "The board's motion sensor."

    @property
    def device(self) -> str:
        """What it is called in a sentence."""
        return "motion sensor" if self is InputSource.IMU else str(self)


# What a model must take for a source to be one.
KINDS: Mapping[InputSource, InputKind] = {
    InputSource.CAMERA: InputKind.IMAGE,
    InputSource.MICROPHONE: InputKind.AUDIO,
    InputSource.IMU: InputKind.TENSORS,
}


@dataclass(frozen=True)
class Device:
    """What a board has for a source: the ``driver`` of ``devices.toml`` that reads it, on ``platforms``.

    ``install`` tells how the driver's library comes to Arduino. ``rates`` are the samples a second that a microphone
    gives, none for others. ``table`` has what only devices of that driver have.
    """

    driver: str
    title: str
    platforms: tuple[Platform, ...]
    install: str
    rates: tuple[int, ...]
    table: Mapping[str, Any]


@cache
def find_device(source: InputSource, board: str) -> Device | None:
    """The device of a board of that key; None where it has none that a project could read."""
    tables = read_table("devices")
    table = tables.get(source, {}).get(board)
    if table is None:
        return None
    driver = tables["drivers"][table["driver"]]
    return Device(
        driver=table["driver"],
        title=driver["title"],
        platforms=tuple(map(Platform, driver["platforms"])),
        install=driver["install"],
        rates=tuple(table.get("rates", ())),
        table=table,
    )


def boards_with(source: InputSource) -> tuple[str, ...]:
    """The keys of the boards that have a device for it."""
    return tuple(read_table("devices")[source])


def first_platform(source: InputSource, board: Board) -> Platform:
    """The board's first platform on which its device can be read; its first one where there is none."""
    device = find_device(source, board.key)
    able = [platform for platform in board.platforms if device is None or platform in device.platforms]
    return able[0] if able else board.platform


def motion_window(tensor: Tensor) -> tuple[int, int] | None:
    """The measurements in a window of a motion sensor, and the 3 or 6 numbers of each; None where it is none.

    Such a window is [steps, 3 or 6], with dimensions of 1 in front or behind.
    """
    sizes = list(tensor.shape)
    while sizes and sizes[0] == 1:
        sizes.pop(0)
    while sizes and sizes[-1] == 1:
        sizes.pop()
    return (sizes[0], sizes[1]) if len(sizes) == 2 and sizes[1] in (3, 6) else None


# --- contexts ----------------------------------------


@dataclass(frozen=True)
class PinContext:
    """A pin of the board, and what it is for; -1 where it is not connected."""

    name: str
    number: int


@dataclass(frozen=True)
class CameraContext:
    """The frames of a camera: the library's name of their size, and what one takes of RAM.

    ``header`` and ``sensor`` are what the library Camera calls the driver of the sensor; the pins, whether there is
    M5Unified to power it, and whether PSRAM is octal are what esp32-camera asks for.
    """

    frame_size: str
    width: int
    height: int
    frame_bytes: int
    is_gray: bool
    header: str
    sensor: str
    pins: tuple[PinContext, ...]
    is_m5: bool
    is_octal: bool


@dataclass(frozen=True)
class MicrophoneContext:
    """The pins of a microphone that ESP-IDF reads, and whether it gives PDM or words of 32 bits."""

    pins: tuple[PinContext, ...]
    is_pdm: bool


@dataclass(frozen=True)
class MotionContext:
    """A window of a motion sensor: ``steps`` measurements, of which ``move`` are new each time."""

    header: str
    steps: int
    channels: int
    move: int
    hz: int
    has_rotation: bool


@dataclass(frozen=True)
class DeviceContext:
    """The device that the input comes from: what it is called, its part, and how its library comes to Arduino."""

    name: str
    part: str
    library: str
    install: str
    document: str
    folder: str
    camera: CameraContext | None
    microphone: MicrophoneContext | None
    motion: MotionContext | None

    @property
    def kind(self) -> InputSource:
        """Which of the sources it is."""
        if self.camera is not None:
            return InputSource.CAMERA
        return InputSource.IMU if self.microphone is None else InputSource.MICROPHONE


def build_device(
    source: InputSource, board: Board, folder: str, tensor: Tensor, *, is_color: bool
) -> DeviceContext | None:
    """What the templates say of the board's device, whose files go into ``folder``, for a model with the one input
    ``tensor``; None for the serial port.
    """
    device = find_device(source, board.key)
    if device is None:
        return None
    parts = {
        InputSource.CAMERA: board.camera,
        InputSource.MICROPHONE: board.microphone,
        InputSource.IMU: board.imu,
    }
    return DeviceContext(
        name=source.device,
        part=parts[source],
        library=device.title,
        install=device.install,
        document=device.table["document"],
        folder=folder,
        camera=_camera(device, is_color=is_color) if source is InputSource.CAMERA else None,
        microphone=_microphone(device) if source is InputSource.MICROPHONE else None,
        motion=_motion(device, tensor) if source is InputSource.IMU else None,
    )


def _camera(device: Device, *, is_color: bool) -> CameraContext:
    table, frame = device.table, device.table["frame"]
    # A sensor without colour gives gray, and one whose library has no gray gives colour.
    is_gray = table.get("is_gray", not is_color)
    # Arduino_OV767X reads the colours of a gray frame too, and leaves them out.
    size = frame["width"] * frame["height"] * (1 if is_gray else 2)
    return CameraContext(
        frame_size=frame["name"],
        width=frame["width"],
        height=frame["height"],
        frame_bytes=size,
        is_gray=is_gray,
        header=table.get("header", ""),
        sensor=table.get("sensor", ""),
        pins=_pins(table),
        is_m5=device.driver == "m5-camera",
        is_octal=table.get("is_octal", False),
    )


def _microphone(device: Device) -> MicrophoneContext:
    return MicrophoneContext(_pins(device.table), is_pdm=device.driver == "i2s-pdm")


def _motion(device: Device, tensor: Tensor) -> MotionContext:
    window = motion_window(tensor)
    assert window is not None
    steps, channels = window
    return MotionContext(
        header=f"{device.title}.h",
        steps=steps,
        channels=channels,
        move=max(1, steps // 4),
        hz=device.table["hz"],
        has_rotation=channels == 6,
    )


def _pins(table: Mapping[str, Any]) -> tuple[PinContext, ...]:
    return tuple(PinContext(name, number) for name, number in table.get("pins", {}).items())


def device_layers(device: DeviceContext, platform: Platform, *, has_frontend: bool = False) -> tuple[str, ...]:
    """The folders of templates of a device: what all of its kind have, what its library has, the part of the program.

    A title is one library's alone.
    """
    drivers = read_table("devices")["drivers"].values()
    (layer,) = {driver["layer"] for driver in drivers if driver["title"] == device.library}
    program = "sketch" if platform is Platform.ARDUINO else "app"
    names = [device.kind, layer, f"{program}-{'frontend' if has_frontend else device.kind}"]
    if platform is Platform.ESP_IDF and device.camera is not None:
        names.append("esp-idf-camera")
    return tuple(f"micro/source/{name}" for name in names)
