"""Projects that take their input from the board's camera, microphone or motion sensor.

What reads the device is type-checked against declarations that mirror the interface of its library, for each board;
three of them run on an emulated one, whose devices take what they give from the serial port.
"""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from packager.annotated import AnnotatedModel
from packager.errors import ConfigError
from packager.golden import Goldens, Sample, read_samples
from packager.metadata.attach import Annotation, LabelFile
from packager.pipeline import package
from packager.runtimes import Runtime
from packager.targets.micro import TARGET, ArduinoForm, InputSource, Options, Platform
from packager.targets.micro.boards import BOARDS
from packager.targets.micro.sources import KINDS, boards_with, find_device, motion_window
from packager.targets.micro.tables import read_table
from packager.targets.target import build_project
from packager.tasks import InputKind, Resize, Task
from packager.tasks.audio import AudioInput, input_tensor, window_starts
from packager.tasks.image import ImageInput
from packager.tasks.image import input_tensor as image_tensor
from tests import hand_made
from tests.cells.models import example
from tests.conftest import needs_micro, require_tools, write_files
from tests.hand_made import attached, loudness
from tests.models import Op, T, graph, options
from tests.targets.micro import harness
from tests.targets.micro.projects import classifier, emulated_files, goldens_of, plain
from tests.targets.test_micro_sounds import heard

pytestmark = [pytest.mark.slow, needs_micro]

INTERFACES = harness.HERE / "interfaces"
DEVICES = [(source, board) for source in KINDS for board in boards_with(source)]
CASES = [(source, board, platform) for source, board in DEVICES for platform in find_device(source, board).platforms]  # type: ignore[union-attr]
# What the macros of ESP-IDF leave out here is 0.
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Werror", "-Wno-missing-field-initializers")


# --- the table ----------------------------------------


def test_each_device_is_one_that_its_board_has() -> None:
    for source, board in DEVICES:
        device = find_device(source, board)
        assert device is not None
        assert getattr(BOARDS[board], str(source)), board
        assert set(device.platforms) <= set(BOARDS[board].platforms), board
        assert device.table["document"]
        assert device.table["url"].startswith("https://")
        assert (source is InputSource.MICROPHONE) == bool(device.rates)


def test_each_device_that_a_library_reads_is_in_the_table() -> None:
    """The others are on boards that only platforms build for that have no such library here."""
    left_out = {
        (key, part)
        for key, board in BOARDS.items()
        for part in ("camera", "microphone", "imu")
        if getattr(board, part) and key not in boards_with(InputSource(part))
    }
    assert left_out == {
        ("sparkfun-edge", "camera"),
        ("sparkfun-edge", "microphone"),
        ("stm32f4-discovery", "microphone"),
    }
    assert all(not {Platform.ARDUINO, Platform.ESP_IDF} & set(BOARDS[key].platforms) for key, _ in left_out)


def test_drivers_say_where_their_interface_is_from() -> None:
    titles = [driver["title"] for driver in read_table("devices")["drivers"].values()]
    assert len(set(titles)) == len(titles)
    used = {table["driver"] for source in KINDS for table in read_table("devices")[source].values()}
    assert used == set(read_table("devices")["drivers"])


def test_pins_are_those_of_the_interface_and_differ() -> None:
    sixteen = "pwdn reset xclk sccb_sda sccb_scl d7 d6 d5 d4 d3 d2 d1 d0 vsync href pclk".split()
    for source, board in DEVICES:
        pins: Mapping[str, int] = find_device(source, board).table.get("pins", {})  # type: ignore[union-attr]
        connected = [pin for pin in pins.values() if pin >= 0]
        assert len(set(connected)) == len(connected), board
        assert not pins or source is not InputSource.CAMERA or list(pins) == sixteen


# --- projects ----------------------------------------


@functools.cache
def picture_model(*, is_color: bool) -> AnnotatedModel:
    if not is_color:
        return example("digits", Task.IMAGE_CLASSIFICATION).annotated()
    return classifier(hand_made.colors(), "colors", hand_made.COLORS)


@functools.cache
def sound_model(hop: int = 800, rate: int = 16_000) -> AnnotatedModel:
    annotation = Annotation(Task.AUDIO_CLASSIFICATION, (LabelFile(hand_made.COLORS),), sample_rate=rate, hop=hop)
    return attached(loudness("int16", (1600,), scale=1 / 16384), annotation, "sounds")


@functools.cache
def motion_model(channels: int = 6, steps: int = 32) -> AnnotatedModel:
    """The sum of all numbers in a window."""
    count = steps * channels
    layer = Op("FULLY_CONNECTED", ["flat", "ones", ""], ["y"], options("FullyConnected"))
    tensors = [
        T("x", [1, steps, channels]),
        T("shape", [2], "int32", data=np.array([1, count])),
        T("flat", [1, count]),
        T("ones", [1, count], data=np.ones((1, count))),
        T("y", [1, 1]),
    ]
    reshape = Op("RESHAPE", ["x", "shape"], ["flat"], options("Reshape", newShape=[1, count]))
    return plain(graph(tensors, [reshape, layer], ["x"], ["y"]), "motion")


def model_for(source: InputSource) -> AnnotatedModel:
    if source is InputSource.CAMERA:
        return picture_model(is_color=True)
    return sound_model() if source is InputSource.MICROPHONE else motion_model()


GOLDENS: dict[int, tuple[AnnotatedModel, Goldens]] = {}


def some_goldens(annotated: AnnotatedModel) -> Goldens:
    """Golden cases of random inputs, computed once a model."""
    if id(annotated) not in GOLDENS:
        GOLDENS[id(annotated)] = annotated, goldens_of(annotated, read_samples(annotated, ()))
    return GOLDENS[id(annotated)][1]


def no_goldens(*_: object, **__: object) -> None:
    raise AssertionError("golden cases were computed")


def files_of(annotated: AnnotatedModel, source: InputSource, board: str, **given: object) -> dict[str, bytes]:
    goldens = some_goldens(annotated)
    chosen = Options(source=source, board=board, **given)  # type: ignore[arg-type]
    return build_project(TARGET, annotated, chosen, goldens)[1]


def type_check(project: Path, source: Path) -> subprocess.CompletedProcess[str]:
    """As the board's compiler would, where there were one: all but what only it knows."""
    require_tools("g++", install="apt-get install g++")
    folders = sorted(path for path in INTERFACES.iterdir() if path.is_dir())
    headers = [*folders, harness.CORE, *(harness.HERE / "arduino/libraries").glob("*/src")]
    includes = [option for folder in headers for option in ("-isystem", str(folder))]
    language = ["-x", "c++", "-include", "Arduino.h"] if source.suffix == ".ino" else []
    own = [f"-I{folder}" for folder in {source.parent, *(path.parent for path in project.rglob("self_test.h"))}]
    return subprocess.run(
        ["g++", "-std=gnu++20", "-fsyntax-only", *WARNINGS, *own, *includes, *language, str(source)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def program_of(project: Path) -> list[Path]:
    """What reads the device, and what calls that."""
    (source,) = project.rglob("source.cpp")
    return [source, *project.rglob("*.ino"), *project.rglob("app.cpp")]


@pytest.mark.cpp
@pytest.mark.parametrize(("source", "board", "platform"), CASES, ids=["-".join(case) for case in CASES])
def test_the_board_is_read_as_its_library_is_declared(
    source: InputSource, board: str, platform: Platform, tmp_path: Path
) -> None:
    models = [model_for(source)]
    if source is InputSource.CAMERA:
        models.append(picture_model(is_color=False))
    if source is InputSource.IMU:
        models.append(motion_model(3))
    for number, annotated in enumerate(models):
        project = write_files(tmp_path / str(number), files_of(annotated, source, board, platform=platform))
        for file in program_of(project):
            done = type_check(project, file)
            assert done.returncode == 0, done.stderr


@pytest.mark.cpp
def test_places_go_from_the_camera_to_the_answer(tmp_path: Path) -> None:
    annotated = example("shapes", Task.OBJECT_DETECTION).annotated()
    for platform in (Platform.ARDUINO, Platform.ESP_IDF):
        project = write_files(
            tmp_path / platform, files_of(annotated, InputSource.CAMERA, "esp32-s3-eye", platform=platform)
        )
        for file in program_of(project):
            done = type_check(project, file)
            assert done.returncode == 0, done.stderr


@pytest.mark.cpp
def test_a_library_keeps_the_device_in_its_example(tmp_path: Path) -> None:
    files = files_of(
        picture_model(is_color=False), InputSource.CAMERA, "nicla-vision", arduino_form=ArduinoForm.LIBRARY
    )
    assert {path for path in files if "source." in path} == {f"examples/digits/source.{end}" for end in ("cpp", "h")}
    project = write_files(tmp_path, files)
    for file in program_of(project):
        done = type_check(project, file)
        assert done.returncode == 0, done.stderr


# What is wrong in a call, and what must be told of it.
WRONG = [
    ("camera", "esp32-cam", "esp_camera_init(&config)", "esp_camera_init(config)"),
    ("camera", "esp32-cam", "config.pin_sccb_sda", "config.pin_sda"),
    ("camera", "esp32-cam", "FRAMESIZE_QVGA", "PIXFORMAT_RGB565"),
    ("camera", "esp32-cam", "esp_camera_fb_return(buffer)", "esp_camera_fb_return(&buffer)"),
    ("camera", "esp32-cam", "config.pin_sccb_sda", "config.pin_sscb_sda"),  # deprecated
    ("camera", "m5stack-cores3", "M5.In_I2C.release()", "M5.In_I2C.end()"),
    ("camera", "nicla-vision", "::Camera camera(sensor)", "::Camera camera(&sensor)"),
    ("camera", "nicla-vision", "grabFrame(buffer, 3000)", "grabFrame(&buffer, 3000)"),
    ("camera", "portenta-h7", "::HM01B0 sensor", "::HM0360 sensor"),
    ("camera", "nano-33-ble-sense", "readFrame(pixels)", "readFrame()"),
    ("camera", "nano-33-ble-sense", "::Camera.width()", "::Camera.width(0)"),
    ("microphone", "nano-rp2040-connect", "onReceive(hear)", "onReceive(read_samples)"),
    ("microphone", "nano-rp2040-connect", "PDM.begin(1, kSampleRate)", "PDM.begin(1)"),
    ("microphone", "xiao-esp32s3-sense", "i2s_channel_enable(channel)", "i2s_channel_enable(&channel)"),
    ("microphone", "xiao-esp32s3-sense", "config.gpio_cfg.clk", "config.gpio_cfg.ws"),
    ("microphone", "xiao-esp32s3-sense", "I2S_SLOT_MODE_MONO", "I2S_PDM_SLOT_LEFT"),
    ("microphone", "esp32-s3-eye", "I2S_STD_SLOT_LEFT", "I2S_PDM_SLOT_LEFT"),
    ("microphone", "esp32-s3-eye", "config.gpio_cfg.bclk", "config.gpio_cfg.clk"),
    ("microphone", "m5stack-cores3", "record(samples, count, kSampleRate)", "record(&samples, count, kSampleRate)"),
    ("imu", "nano-33-ble-sense", "readGyroscope(values[3], values[4], values[5])", "readGyroscope(values + 3)"),
    ("imu", "nano-rp2040-connect", "accelerationAvailable()", "accelerometerAvailable()"),
    ("imu", "nano-33-ble-sense-rev2", "IMU.begin()", "IMU.begin(true)"),
    ("imu", "m5stack-cores3", "data.accel.x", "data.accel[0]"),
]


@pytest.mark.cpp
@pytest.mark.parametrize(("source", "board", "call", "wrong"), WRONG, ids=[row[3] for row in WRONG])
def test_a_wrong_call_is_told(source: str, board: str, call: str, wrong: str, tmp_path: Path) -> None:
    chosen = InputSource(source)
    project = write_files(tmp_path / "p", files_of(model_for(chosen), chosen, board))
    (file,) = project.rglob("source.cpp")
    text = file.read_text()
    assert call in text
    file.write_text(text.replace(call, wrong))
    done = type_check(project, file)
    assert done.returncode != 0
    assert "source.cpp" in done.stderr


def test_what_reads_each_device_is_as_it_was(tmp_path: Path, assert_tree: Callable[..., None]) -> None:
    files = {}
    for source, board in DEVICES:
        made = files_of(model_for(source), source, board)
        (text,) = (content for path, content in made.items() if path.endswith("/source.cpp"))
        files[f"{source}/{board}.cpp"] = text
    assert_tree("micro_sources", files)


@pytest.mark.parametrize(
    ("source", "board", "platform"),
    [
        (InputSource.CAMERA, "xiao-esp32s3-sense", Platform.ESP_IDF),
        (InputSource.MICROPHONE, "nano-33-ble-sense", Platform.ARDUINO),
        (InputSource.IMU, "nicla-vision", Platform.ARDUINO),
    ],
)
def test_the_program_around_a_device_is_as_it_was(
    source: InputSource, board: str, platform: Platform, tmp_path: Path, assert_tree: Callable[..., None]
) -> None:
    files = files_of(model_for(source), source, board, platform=platform)
    about_the_model = (
        "model",
        "golden",
        "self_test",
        "sha256",
        "answer",
        "labels",
        "placement",
        "line.",
        "best_scores",
    )
    kept = {path: text for path, text in files.items() if not any(name in path for name in about_the_model)}
    assert_tree(f"micro_source_{source}", kept)


# --- what does not go together ----------------------------------------


CAMERAS = ", ".join(boards_with(InputSource.CAMERA))


@pytest.mark.parametrize(
    ("given", "what", "fix"),
    [
        (Options(source=InputSource.CAMERA), "Options.source is camera, and no board is given", CAMERAS),
        (
            Options(source=InputSource.CAMERA, board="uno-r4"),
            "Options.source is camera, and the Arduino Uno R4 has no camera that a project could read",
            CAMERAS,
        ),
        (
            Options(source=InputSource.IMU, board="esp32-cam"),
            "Options.source is imu, and the AI-Thinker ESP32-CAM has no motion sensor that a project could read",
            "nicla-vision",
        ),
        (
            Options(source=InputSource.CAMERA, board="nicla-vision", platform=Platform.ZEPHYR),
            "Options.source is camera, which is read by Camera, and that is not for zephyr",
            "Set Options.platform to arduino; or leave it out.",
        ),
        (
            Options(source=InputSource.CAMERA, board="esp32-cam", platform=Platform.PLATFORMIO),
            "Options.source is camera, which is read by esp32-camera, and that is not for platformio",
            "Set Options.platform to arduino, or to esp-idf; or leave it out.",
        ),
        (
            Options(source=InputSource.MICROPHONE, board="nicla-vision"),
            "Options.source is microphone, and the model takes pictures",
            "Leave it out: the program then takes its input from serial.",
        ),
        (
            Options(source=InputSource.IMU, board="nicla-vision"),
            "Options.source is imu, and the model takes pictures",
            "Leave it out",
        ),
    ],
)
def test_what_does_not_go_together_is_told_before_golden_cases(
    given: Options, what: str, fix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("packager.pipeline.build_goldens", no_goldens)
    path = tmp_path / "model.tflite"
    path.write_bytes(picture_model(is_color=False).model.data)
    with pytest.raises(ConfigError) as caught:
        package("micro", path, tmp_path / "out", given)
    assert what in str(caught.value)
    assert fix in str(caught.value)


def test_a_text_takes_no_camera(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is packaged as plain tensors here."""
    monkeypatch.setattr("packager.pipeline.build_goldens", no_goldens)
    (tmp_path / "model.tflite").write_bytes(hand_made.words().model.data)
    with pytest.raises(ConfigError, match="source is camera, and the model takes numbers"):
        package(
            "micro",
            tmp_path / "model.tflite",
            tmp_path / "out",
            Options(source=InputSource.CAMERA, board="esp32-cam"),
        )


def test_a_sample_rate_that_the_library_lacks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("packager.pipeline.build_goldens", no_goldens)
    (tmp_path / "model.tflite").write_bytes(sound_model(rate=8_000).model.data)
    chosen = Options(source=InputSource.MICROPHONE, board="nano-33-ble-sense")
    message = "its library gives 16000, 41667 samples a second, and the model takes 8000"
    with pytest.raises(ConfigError, match=message):
        package("micro", tmp_path / "model.tflite", tmp_path / "out", chosen)


@pytest.mark.parametrize(
    ("shape", "window"),
    [
        ([1, 128, 3], (128, 3)),
        ([1, 128, 6], (128, 6)),
        ([128, 3], (128, 3)),
        ([1, 128, 3, 1], (128, 3)),
        ([1, 1, 50, 6], (50, 6)),
        ([1, 384], None),
        ([1, 3, 128], None),
        ([1, 128, 4], None),
        ([1, 8, 8, 3], None),
        ([2, 128, 3], None),
        ([1, 1], None),
    ],
)
def test_windows_of_motion(shape: list[int], window: tuple[int, int] | None) -> None:
    tensor = replace(motion_model().model.inputs[0], shape=tuple(shape), shape_signature=tuple(shape))
    assert motion_window(tensor) == window


def test_a_device_chooses_a_platform_that_reads_it() -> None:
    files = files_of(picture_model(is_color=True), InputSource.CAMERA, "m5stack-cores3")
    assert BOARDS["m5stack-cores3"].platform is Platform.ESP_IDF
    assert "colors/colors.ino" in files


# --- on an emulated board ----------------------------------------


def compile_with_device(project: Path, program: Path, device: str, libraries: tuple[str, ...]) -> Path:
    """The sketch with a device of the emulated board."""
    (ino,) = project.glob("*/*.ino")
    includes = tuple(f"-I{INTERFACES / library}" for library in (*libraries, "arduino"))
    chirale = f"-I{harness.HERE / 'arduino/libraries/Chirale_TensorFlowLite/src'}"
    sources = [*harness.sketch_sources(project), INTERFACES / "stand_in.cpp"]
    defines = (f"-DSTAND_IN_{device}",)
    return harness.compile_sources(
        sources, program, includes=(*includes, chirale, f"-I{ino.parent}"), defines=defines
    )


@pytest.mark.arm
@pytest.mark.parametrize("hop", [800, 7])
def test_a_microphone_is_heard(hop: int, tmp_path: Path) -> None:
    """Each window, a hop behind the one before, has the answer that the packager reads."""
    annotated = sound_model(hop)
    audio = annotated.input
    assert isinstance(audio, AudioInput)
    samples = heard()[: 8_000 if hop > 100 else 2_000]
    windows = [
        Sample(f"w{start}", None, (input_tensor(samples[start:][:1600] / np.float32(32768), audio),))
        for start in window_starts(samples.size, audio)
    ]
    cases = goldens_of(annotated, windows).sets[Runtime.TFLITE_MICRO].cases
    files = emulated_files(
        annotated, some_goldens(annotated), board="nano-rp2040-connect", source=InputSource.MICROPHONE
    )
    project = write_files(tmp_path / "p", files)
    program = compile_with_device(project, tmp_path / "sketch.elf", "MICROPHONE", ("PDM",))
    # Silence behind it, for the program ends with its input, of which some is still to be taken then.
    run = harness.run(program, np.concatenate([samples, np.zeros(600)]).astype("<i2").tobytes())
    labels = [line.split()[0] for line in run.lines]
    assert labels[: len(cases)] == [case.answer[0].label for case in cases], run
    assert len(labels) <= len(cases) + 600 // hop
    assert len(set(labels)) > 1 or hop == 7


@pytest.mark.arm
def test_a_camera_is_seen(tmp_path: Path) -> None:
    """Frames of QVGA in RGB565 have the answers of the same picture elsewhere, bit for bit with ``bilinear``."""
    annotated = picture_model(is_color=True)
    assert isinstance(annotated.input, ImageInput)
    image = replace(annotated.input, resize=Resize.BILINEAR)
    generator, stdin, samples = np.random.default_rng(5), b"", []
    for number in range(4):
        packed = generator.integers(0, 1 << 16, (240, 320)) & (0xF800, 0x07E0, 0x001F, 0xFFFF)[number]
        channels = (packed >> 11) * 255 // 31, (packed >> 5 & 63) * 255 // 63, (packed & 31) * 255 // 31
        picture = Image.fromarray(np.stack(channels, -1).astype(np.uint8))
        samples.append(Sample(f"frame {number}", None, (image_tensor(picture, image),)))
        stdin += packed.astype(">u2").tobytes()
    cases = goldens_of(annotated, samples).sets[Runtime.TFLITE_MICRO].cases
    made = replace(annotated, input=image)
    files = emulated_files(made, some_goldens(annotated), board="nicla-vision", source=InputSource.CAMERA)
    project = write_files(tmp_path / "p", files)
    program = compile_with_device(project, tmp_path / "sketch.elf", "CAMERA", ("Camera",))
    run = harness.run(program, stdin)
    assert run.lines == [f"{case.answer[0].label} {case.answer[0].score:.4f}" for case in cases], run
    assert len({line.split()[0] for line in run.lines}) == 3


@pytest.mark.arm
def test_a_motion_is_felt(tmp_path: Path) -> None:
    """Windows of an accelerometer, a quarter of each new, give what the model makes of them."""
    annotated = motion_model(3, 16)
    measured = np.random.default_rng(6).normal(size=(16 + 3 * 4, 3)).astype(np.float32)
    files = emulated_files(annotated, some_goldens(annotated), board="nano-rp2040-connect", source=InputSource.IMU)
    project = write_files(tmp_path / "p", files)
    program = compile_with_device(project, tmp_path / "sketch.elf", "IMU", ("Arduino_LSM6DSOX",))
    run = harness.run(program, measured.tobytes())
    sums = [measured[4 * number :][:16].sum() for number in range(4)]
    np.testing.assert_allclose([float(line) for line in run.lines], sums, atol=1e-4)


def test_kinds_cover_every_device() -> None:
    assert set(KINDS) == set(InputSource) - {InputSource.SERIAL}
    assert InputKind.TEXT not in KINDS.values()
