"""Generated sketches compiled without a warning, and run on an emulated Cortex-M3."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from packager.annotated import AnnotatedModel
from packager.golden import Goldens, Sample, read_samples
from packager.runtimes import Runtime
from packager.targets.micro import TARGET, ArduinoForm, ArduinoLibrary, Options, Platform
from packager.targets.micro.arena import kernel_bytes, need_of
from packager.targets.micro.libraries import Kernels
from packager.targets.target import build_project, served
from packager.tasks import Activation, AnswerKind, ChannelOrder, CropMode, InputKind, Task
from packager.tasks.classes import Classes
from packager.tasks.image import ImageInput, input_tensor, lookup_table, place
from packager.tasks.quantization import quantize
from packager.tasks.tensors import TensorsAnswer, TensorsInput
from tests import hand_made
from tests.conftest import HOSTILE_LABELS, needs_micro, require_tools, write_files
from tests.example_models import digits, golden_pictures
from tests.targets.micro import harness
from tests.targets.micro.projects import (
    classifier,
    emulated_files,
    goldens_of,
    named,
    plain,
)

pytestmark = [pytest.mark.arm, needs_micro]

SELF_TEST = ("-DSELF_TEST=1",)


def context_of(annotated: AnnotatedModel, goldens: Goldens, **options: Any) -> Any:
    return build_project(TARGET, annotated, Options(**options), goldens)[0]


def compile_main(project: Path, code: str) -> Path:
    """A program of the test's own around the generated class."""
    (ino,) = project.glob("*/*.ino")
    name = ino.parent.name
    main = project / "main.cpp"
    main.write_text(f'#include <stdio.h>\n#include <string.h>\n#include "{name}.h"\nusing namespace {name};\n{code}')
    sources = [main, *sorted(ino.parent.glob("*.cpp"))]
    return harness.compile_sources(sources, project / "main.elf", includes=(f"-I{ino.parent}",))


def run_main(project: Path, code: str, stdin: bytes = b"") -> harness.Run:
    return harness.run(compile_main(project, code), stdin)


# --- the self-test ----------------------------------------


@pytest.mark.parametrize("standard", ["gnu++14", "c++17"])
@pytest.mark.parametrize("name", ["digits", "hello_world_float"])
def test_what_the_self_test_prints(name: str, standard: str, models: Path, examples: Path, tmp_path: Path) -> None:
    annotated, goldens = named(name, models, examples)
    write_files(tmp_path, emulated_files(annotated, goldens))
    run = harness.run(
        harness.compile_sketch(tmp_path, tmp_path / "self_test.elf", standard=standard, defines=SELF_TEST)
    )
    cases = goldens.sets[Runtime.TFLITE_MICRO].cases
    is_float = goldens.sets[Runtime.TFLITE_MICRO].cases[0].outputs[0].dtype == np.float32
    zero = "0.000000" if is_float else "0"
    # The library of 2020 is compiled with the reference kernels.
    kernels = [] if is_float else ["AVERAGE_POOL_2D", "CONV_2D", "FULLY_CONNECTED", "SOFTMAX"]
    assert run.lines[len(cases) : -2] == [f"kernel: {kernel} of the reference" for kernel in kernels]
    for case, line in zip(cases, run.lines, strict=False):
        assert re.match(rf"case {case.name}: max difference {zero}, \d+ us", line), run
        if annotated.answer.kind == "classes":
            assert line.endswith(f", {case.answer[0].label}")
    size = context_of(annotated, goldens, arena_margin=harness.ARENA_MARGIN).project.arena.bytes
    told = re.fullmatch(rf"arena: (\d+) of {size} bytes used; (\d+) would do", run.lines[-2])
    assert told is not None, run
    assert int(told[1]) < int(told[2]) <= size
    assert (run.lines[-1], run.code) == ("PASS", 0)


@pytest.mark.parametrize("is_called", [False, True])
def test_the_self_test_tells_the_kernels_that_are_in_the_program(
    is_called: bool, models: Path, examples: Path, tmp_path: Path
) -> None:
    """A function of CMSIS-NN that something calls, and one that lies in a library uncalled."""
    annotated, goldens = named("digits", models, examples)
    folder = write_files(tmp_path / "project", emulated_files(annotated, goldens))
    (tmp_path / "convolve.cpp").write_text(
        'extern "C" void arm_convolve_wrapper_s8();\nvoid arm_convolve_wrapper_s8() {}\n'
    )
    (tmp_path / "softmax.cpp").write_text('extern "C" void arm_softmax_s8();\nvoid arm_softmax_s8() {}\n')
    made = [
        harness.compile_source(tmp_path / f"{name}.cpp", tmp_path / f"{name}.o") for name in ("convolve", "softmax")
    ]
    archive = tmp_path / "libkernels.a"
    harness.run_tool(["arm-none-eabi-ar", "rcs", str(archive), *map(str, made)])
    sources = harness.sketch_sources(folder)
    objects = [
        harness.compile_source(source, tmp_path / f"{number}.o", defines=SELF_TEST)
        for number, source in enumerate(sources)
    ]
    called = made[:1] if is_called else []
    run = harness.run(harness.link([*objects, *called, archive], tmp_path / "self_test.elf"))
    assert f"kernel: CONV_2D of {'CMSIS-NN' if is_called else 'the reference'}" in run.lines
    assert "kernel: SOFTMAX of the reference" in run.lines
    assert run.lines[-1] == "PASS"


@pytest.mark.parametrize("share", [0.01, 0.5, 0.8, 0.95, 0.999])
@pytest.mark.parametrize("name", ["digits", "micro_speech_quantized"])
def test_an_arena_that_is_too_small_is_told_and_does_not_fault(
    name: str, share: float, models: Path, examples: Path, tmp_path: Path
) -> None:
    annotated, goldens = named(name, models, examples)
    assert goldens.arena_bytes is not None
    need = need_of(goldens.arena_bytes, goldens.arena_use)
    size = max(1, int(need.least * share))
    enough = need.bytes + kernel_bytes(annotated.model, Kernels.CMSIS_NN, "")
    write_files(tmp_path, emulated_files(annotated, goldens, arena_bytes=size))
    run = harness.run(harness.compile_sketch(tmp_path, tmp_path / "self_test.elf", defines=SELF_TEST))
    assert run.lines[0] == f"arena: {enough - size} bytes less than {enough}, which the model may need"
    assert run.lines[1] == (
        f"begin: the tensor arena is too small: raise kArenaBytes to kNeededArenaBytes; it is {size}"
    )
    assert (run.lines[2:], run.code) == (["FAIL"], 0)


# --- the sketch ----------------------------------------


def test_the_sketch_classifies_frames_from_the_serial_port(examples: Path, models: Path, tmp_path: Path) -> None:
    annotated, goldens = named("digits", models, examples)
    write_files(tmp_path, emulated_files(annotated, goldens))
    frames, expected = b"", []
    image = annotated.input
    assert isinstance(image, ImageInput)
    for case in goldens.sets[Runtime.TFLITE_MICRO].cases:
        table = {item: pixel for pixel, item in enumerate(lookup_table(image)[0].tolist())}
        frames += bytes(table[item] for item in case.inputs[0].reshape(-1).tolist())
        expected.append(f"{case.answer[0].label} {case.answer[0].score:.4f}")
    run = harness.run(harness.compile_sketch(tmp_path, tmp_path / "sketch.elf"), frames)
    assert run.lines == expected


def test_the_sketch_answers_typed_numbers(examples: Path, models: Path, tmp_path: Path) -> None:
    annotated, goldens = named("sine", models, examples)
    write_files(tmp_path, emulated_files(annotated, goldens))
    run = harness.run(
        harness.compile_sketch(tmp_path, tmp_path / "sketch.elf"), b"0\n1.5708\r\n 4.712, 3.1416\n-0.0\n"
    )
    np.testing.assert_allclose([float(line) for line in run.lines], [0, 1, -1, 0, 0], atol=0.06)


@pytest.mark.arduino
@pytest.mark.parametrize(
    ("model", "library", "form"),
    [("digits", "tensorflow", "sketch"), ("sine", "chirale", "sketch"), ("digits", "tensorflow", "library")],
)
def test_arduinos_builder_compiles_the_sketch(
    model: str, library: str, form: str, examples: Path, models: Path, tmp_path: Path
) -> None:
    """With its own prototype generation and library discovery, and then it runs."""
    require_tools("arduino-builder", "arduino-ctags", install="apt-get install arduino-builder arduino-ctags")
    found = harness.library()
    annotated, goldens = named(model, models, examples)
    files = emulated_files(
        annotated, goldens, arduino_library=ArduinoLibrary(library), arduino_form=ArduinoForm(form)
    )
    project = write_files(tmp_path / "libraries" / "Project", files)
    is_library = form == "library"
    sketch = project / ("examples" if is_library else "") / model
    header = project / ("src" if is_library else model) / "self_test.h"
    text = header.read_text()
    assert "#define SELF_TEST 0" in text
    header.write_text(text.replace("#define SELF_TEST 0", "#define SELF_TEST 1"))
    flags = " ".join((*harness.CPU, *harness.CODE, *found.includes))
    for name in ("build", "cache"):
        (tmp_path / name).mkdir()
    harness.run_tool(
        [
            *("arduino-builder", "-compile", "-fqbn", "packager:emulated:mps2", "-warnings", "all"),
            *("-hardware", str(harness.HERE / "arduino/hardware")),
            *("-tools", str(harness.HERE / "arduino/hardware")),
            *("-libraries", str(harness.HERE / "arduino/libraries")),
            *(("-libraries", str(project.parent)) if is_library else ()),
            *("-build-path", str(tmp_path / "build"), "-build-cache", str(tmp_path / "cache")),
            *("-prefs", f"build.flags={flags}", "-prefs", f"build.ldflags={' '.join(harness.link_flags())}"),
            *("-prefs", f"build.library={found.archive}"),
            str(sketch / f"{model}.ino"),
        ]
    )
    (program,) = (tmp_path / "build").glob("*.elf")
    assert harness.run(program).lines[-1] == "PASS"


# --- the class ----------------------------------------


def test_quantize_rounds_and_saturates(examples: Path, models: Path, tmp_path: Path) -> None:
    annotated, goldens = named("sine", models, examples)
    write_files(tmp_path, emulated_files(annotated, goldens))
    tensor = annotated.inputs[0].tensor
    assert tensor.quantization is not None
    reals = np.concatenate(
        [
            np.linspace(-1, 8, 1000),
            # Halfway between two items: away from zero.
            (np.arange(-300, 300) + 0.5) * tensor.quantization.scale,
            [1e9, -1e9, 3e38, -3e38, np.inf, -np.inf],
        ]
    ).astype(np.float32)
    code = """
int main() {
  float x;
  while (fread(&x, sizeof x, 1, stdin) == 1) {
    const int8_t item = Sine::quantize_input(x);
    printf("%d %.9g\\n", item, static_cast<double>(Sine::dequantize_output(item)));
  }
}
"""
    run = run_main(tmp_path, code, reals.tobytes() + np.float32(np.nan).tobytes())
    items = [int(line.split()[0]) for line in run.lines]
    # In float32, as on the board.
    with np.errstate(over="ignore"):
        scaled = reals / np.float32(tensor.quantization.scale)
    rounded = np.sign(scaled) * np.floor(np.abs(scaled) + np.float32(0.5)) + tensor.quantization.zero_point
    assert items[:-1] == np.clip(rounded, -128, 127).astype(int).tolist()
    assert items[-1] == -128  # not a number
    exact = quantize(reals[:1000].astype(np.float64), tensor.quantization, "int8")
    assert np.abs(np.array(items[:1000]) - exact.astype(int)).max() == 0
    output = annotated.outputs[0].tensor.quantization
    assert output is not None
    reals_out = (np.array(items, np.float32) - np.float32(output.zero_point)) * np.float32(output.scale)
    assert [np.float32(line.split()[1]) for line in run.lines] == reals_out.tolist()


def test_hostile_labels_come_out_as_themselves(examples: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.json"
    labels.write_text(json.dumps(HOSTILE_LABELS))
    annotated = digits(examples, labels=labels)
    assert list(annotated.labels) == HOSTILE_LABELS
    goldens = goldens_of(annotated, read_samples(annotated, golden_pictures(examples)))
    write_files(tmp_path / "p", emulated_files(annotated, goldens))
    code = (
        "int main() { for (size_t i = 0; i < kOutputSize; ++i)"
        " fwrite(Digits::label(i), 1, strlen(Digits::label(i)) + 1, stdout); }"
    )
    run = run_main(tmp_path / "p", code)
    assert run.output.split("\0")[:-1] == HOSTILE_LABELS
    tested = harness.run(harness.compile_sketch(tmp_path / "p", tmp_path / "self_test.elf", defines=SELF_TEST))
    assert tested.output.endswith("\nPASS\n")
    for case in goldens.sets[Runtime.TFLITE_MICRO].cases:
        assert f" us, {case.answer[0].label}\n" in tested.output


def box_average(pixels: np.ndarray[Any, Any], image: Any) -> np.ndarray[Any, Any]:
    """What fill_input() documents, in another way: the mean of the pixels that an item covers, rounded half up."""
    height, width = pixels.shape[:2]
    placement = place((width, height), image)
    left, top, right, bottom = placement.box
    x0, y0, *size = placement.fitted
    cut = pixels[top:bottom, left:right].astype(np.int64)
    out = np.full((image.height, image.width, pixels.shape[2]), image.pad, np.uint8)
    for y in range(size[1]):
        first, last = y * cut.shape[0] // size[1], (y + 1) * cut.shape[0] // size[1]
        for x in range(size[0]):
            begin, end = x * cut.shape[1] // size[0], (x + 1) * cut.shape[1] // size[0]
            box = cut[first : max(last, first + 1), begin : max(end, begin + 1)].reshape(-1, pixels.shape[2])
            out[y0 + y, x0 + x] = (box.sum(0) + len(box) // 2) // len(box)
    return out


FILL = """
static uint8_t pixels[200000];
int main() {
  CLASS model;
  if (model.begin() != Status::kOk) return 9;
  int head[3];
  while (fread(head, sizeof head, 1, stdin) == 1) {
    const size_t bytes = head[2] == 0 ? 1 : head[2] == 1 ? 3 : 2;
    fread(pixels, bytes, static_cast<size_t>(head[0] * head[1]), stdin);
    model.fill_input({pixels, static_cast<PixelFormat>(head[2]), head[0], head[1]});
    fwrite(model.input(), sizeof(*model.input()), kInputSize, stdout);
    fflush(stdout);
  }
}
"""


def layout(image: ImageInput, pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The items for ``pixels`` [height, width, channels] of the input's size, in the order of the tensor's memory."""
    ordered = pixels[..., ::-1] if image.order is ChannelOrder.BGR else pixels
    items = lookup_table(image)[np.arange(image.channels), ordered]
    return np.ravel(items.transpose(2, 0, 1) if image.is_planar else items)


@pytest.mark.parametrize("crop", list(CropMode))
@pytest.mark.parametrize("kind", ["gray", "color", "color-float", "blue-first", "planar"])
def test_camera_frames_become_the_input(kind: str, crop: CropMode, examples: Path, tmp_path: Path) -> None:
    if kind == "gray":
        annotated, class_name, goldens = digits(examples, crop), "Digits", None
    else:
        labels = tmp_path / "labels.txt"
        labels.write_text("red\ngreen\nblue\n")
        dtype = "float32" if kind == "color-float" else "int8"
        mean = (127.5,) if kind == "color-float" else (120.0, 100.0, 80.0)
        std = (127.5,) if kind == "color-float" else (255.0, 250.0, 245.0)
        annotated = classifier(hand_made.colors(dtype), "colors", labels, crop, mean, std)
        class_name, goldens = "Colors", None
    image = annotated.input
    assert isinstance(image, ImageInput)
    if kind == "blue-first":
        image = dataclasses.replace(image, order=ChannelOrder.BGR, pad=114)
    if kind == "planar":
        image = dataclasses.replace(image, is_planar=True, pad=255)
    made = dataclasses.replace(annotated, input=image)
    goldens = goldens_of(annotated, read_samples(annotated, ()))
    project = write_files(tmp_path / "p", emulated_files(made, goldens, arena_bytes=20000))
    generator, stdin, expected = np.random.default_rng(3), b"", []
    # 8 x 7 is letterboxed to 6.86 columns of 8 x 6, the long ones to less than a row.
    sizes = [(image.width, image.height), (37, 61), (61, 37), (image.width * 3, image.height * 3), (3, 2), (160, 120)]
    sizes += [(120, 9), (9, 120), (24, 32), (8, 7)]
    for width, height in sizes:
        rgb = generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
        packed = (rgb[..., 0].astype(int) >> 3 << 11) | (rgb[..., 1].astype(int) >> 2 << 5) | rgb[..., 2] >> 3
        unpacked = np.stack(
            [(packed >> 11) * 255 // 31, (packed >> 5 & 63) * 255 // 63, (packed & 31) * 255 // 31], -1
        ).astype(np.uint8)
        gray = np.asarray(Image.fromarray(rgb).convert("L"))
        for number, (data, picture) in enumerate(
            [
                (gray.tobytes(), Image.fromarray(gray)),
                (rgb.tobytes(), Image.fromarray(rgb)),
                (packed.astype(">u2").tobytes(), Image.fromarray(unpacked)),
            ]
        ):
            stdin += np.array([width, height, number], np.int32).tobytes() + data
            mode = picture.convert("L" if image.channels == 1 else "RGB")
            pixels = np.asarray(mode).reshape(height, width, image.channels)
            tensor = layout(image, box_average(pixels, image))
            if (width, height) == sizes[0] and made.input == annotated.input:
                # No resize: the very tensor of the other platforms.
                np.testing.assert_array_equal(tensor, input_tensor(picture, image).reshape(-1))
            expected.append(tensor)
    binary = harness.run_bytes(compile_main(project, FILL.replace("CLASS", class_name)), stdin).stdout
    got = np.frombuffer(binary, expected[0].dtype).reshape(len(expected), -1)
    np.testing.assert_array_equal(got, np.stack(expected))


SCORES = """
int main() {
  Colors model;
  if (model.begin() != Status::kOk) return 9;
  while (fread(const_cast<ITEM*>(model.output()), sizeof(ITEM), kOutputSize, stdin) == kOutputSize) {
    printf("%u", static_cast<unsigned>(model.best()));
    for (size_t i = 0; i < kOutputSize; ++i) printf(" %.9g", static_cast<double>(model.score(i)));
    printf("\\n");
  }
}
"""


@pytest.mark.parametrize("dtype", ["float32", "int8"])
@pytest.mark.parametrize("activation", list(Activation))
def test_scores_are_made_of_logits(dtype: str, activation: Activation, tmp_path: Path) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("red\ngreen\nblue\n")
    plain_answer = classifier(hand_made.colors(dtype), "colors", labels)
    answer = plain_answer.answer
    assert isinstance(answer, Classes)
    annotated = dataclasses.replace(plain_answer, answer=dataclasses.replace(answer, activation=activation))
    goldens = goldens_of(plain_answer, read_samples(plain_answer, ()))
    project = write_files(tmp_path / "p", emulated_files(annotated, goldens))
    if dtype == "int8":
        outputs = np.random.default_rng(5).integers(-128, 128, (40, 3)).astype(np.int8)
        outputs[0] = 7
    else:
        rows = [[1, 1, 1], [0, 40, 60], [-200, -100, -150], [300, -300, 0], [-90, -95, -120], [0.5, 0.25, 1 / 3]]
        outputs = np.array(rows, np.float32)
    code = SCORES.replace("ITEM", "int8_t" if dtype == "int8" else "float")
    run = run_main(project, code, outputs.tobytes())
    real = outputs.astype(np.float32)
    if dtype == "int8":
        real = (real + np.float32(128)) * np.float32(1 / 255)
    with np.errstate(over="ignore"):
        powers = np.exp(real - real.max(1, keepdims=True))
        expected = {
            Activation.NONE: real,
            Activation.SOFTMAX: powers / powers.sum(1, keepdims=True),
            Activation.SIGMOID: np.float32(1) / (np.float32(1) + np.exp(-real)),
        }[activation]
    told = np.array([[float(word) for word in line.split()] for line in run.lines], np.float32)
    np.testing.assert_allclose(told[:, 1:], expected, rtol=0, atol=1e-5 if activation is not Activation.NONE else 0)
    assert told[:, 0].tolist() == expected.argmax(1).tolist()


@pytest.mark.parametrize("platform", [Platform.ARDUINO, Platform.CMAKE])
def test_a_class_below_the_threshold_is_no_answer(
    platform: Platform, examples: Path, models: Path, tmp_path: Path
) -> None:
    annotated, goldens = named("digits", models, examples)
    (image, answer), cases = (annotated.input, annotated.answer), goldens.sets[Runtime.TFLITE_MICRO].cases
    assert isinstance(image, ImageInput)
    assert isinstance(answer, Classes)
    table = {item: pixel for pixel, item in enumerate(lookup_table(image)[0].tolist())}
    frames = b"".join(bytes(table[item] for item in case.inputs[0].reshape(-1).tolist()) for case in cases)
    threshold = max(case.answer[0].score for case in cases)
    annotated = dataclasses.replace(annotated, answer=dataclasses.replace(answer, threshold=threshold))
    project = write_files(tmp_path, emulated_files(annotated, goldens, platform=platform))
    if platform is Platform.ARDUINO:
        program = harness.compile_sketch(project, tmp_path / "sketch.elf")
    else:
        program = harness.compile_sources(sorted((project / "src").glob("*.cpp")), tmp_path / "app.elf")
    lines = harness.run(program, frames).lines
    best = [case.answer[0] for case in cases]
    assert [line.split()[0] for line in lines] == [
        item.label if item.score >= threshold else "nothing" for item in best
    ]
    assert 0 < lines.count("nothing") < len(lines)


# A sound is no picture in other words: see test_micro_sounds.py; other answers are of other shapes: tests/cells.
@pytest.mark.parametrize(
    "task",
    [
        task
        for task in Task
        if (task.input, task.answer) in TARGET.cells
        and task.input is not InputKind.AUDIO
        and task.answer in (AnswerKind.CLASSES, AnswerKind.TENSORS)
    ],
)
def test_every_task_of_the_target_is_a_project(task: Task, tmp_path: Path) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("red\ngreen\nblue\n")
    annotated = classifier(hand_made.colors("float32"), "colors", labels, mean=(0.0,), std=(1.0,))
    if task.input is InputKind.TENSORS:
        annotated = dataclasses.replace(annotated, input=TensorsInput())
    if task.answer is AnswerKind.TENSORS:
        annotated = dataclasses.replace(annotated, answer=TensorsAnswer(), labels=())
    annotated = dataclasses.replace(annotated, task=task)
    assert served(TARGET, annotated) == (annotated, ())
    project = write_files(tmp_path / "p", emulated_files(annotated))
    tested = harness.run(harness.compile_sketch(project, tmp_path / "self_test.elf", defines=SELF_TEST))
    assert tested.lines[-1] == "PASS"
    green = [10, 200, 30] * 48
    typed = bytes(green) if task.input is InputKind.IMAGE else " ".join(map(str, [*green, ""])).encode()
    lines = harness.run(harness.compile_sketch(project, tmp_path / "sketch.elf"), typed).lines
    assert lines == (
        ["green 200.0000"] if task.answer is AnswerKind.CLASSES else ["10.000000", "200.000000", "30.000000"]
    )


def test_a_resized_frame_is_near_to_the_other_platforms(examples: Path, models: Path, record_property: Any) -> None:
    """How far box averages are from Pillow's antialiased bilinear resize, on real pictures: the answers stay."""
    annotated, _ = named("digits", models, examples)
    image = annotated.input
    assert isinstance(image, ImageInput)
    for path in golden_pictures(examples):
        picture = Image.open(path).convert("L")
        pixels = np.asarray(picture)[..., None]
        ours = lookup_table(image)[np.arange(1), box_average(pixels, image)][None]
        theirs = input_tensor(picture, image)
        difference = float(np.abs(ours.astype(int) - theirs.astype(int)).mean())
        record_property(path.stem, difference)
        assert difference < 6  # counts of 255, on drawings of hard edges
        goldens = goldens_of(annotated, [Sample("a", None, (ours,)), Sample("b", None, (theirs,))])
        first, second = goldens.sets[Runtime.TFLITE_MICRO].cases
        assert (
            annotated.answer.read(first.outputs, None)[0].label
            == annotated.answer.read(second.outputs, None)[0].label
        )


def test_state_is_kept_until_reset(tmp_path: Path) -> None:
    annotated = plain(hand_made.stateful(), "stateful")
    project = write_files(tmp_path, emulated_files(annotated))
    code = """
int main() {
  Stateful model;
  if (model.begin() != Status::kOk) return 9;
  for (int i = 0; i < 4; ++i) {
    if (i == 2 && model.reset() != Status::kOk) return 8;
    for (size_t k = 0; k < kInputSize; ++k) model.input()[k] = 1.0f;
    if (model.invoke() != Status::kOk) return 7;
    printf("%.6f %.6f\\n", static_cast<double>(model.output()[0]), static_cast<double>(model.output()[1]));
  }
}
"""
    run = run_main(project, code)
    assert run.code == 0, run
    assert run.lines[0] != run.lines[1]
    assert run.lines[2:] == run.lines[:2]


def test_misuse_is_a_status_and_two_objects_are_one_model(examples: Path, models: Path, tmp_path: Path) -> None:
    annotated, goldens = named("sine", models, examples)
    write_files(tmp_path, emulated_files(annotated, goldens))
    code = """
int main() {
  Sine early, first, second;
  printf("%d %d %u\\n", early.invoke() == Status::kNotReady, early.input() == nullptr,
         static_cast<unsigned>(Sine::arena_used()));
  printf("%d %d\\n", first.begin() == Status::kOk, second.begin() == Status::kOk);
  printf("%d %d\\n", first.begin() == Status::kOk, first.input() == second.input());
}
"""
    assert run_main(tmp_path, code).lines == ["1 1 0", "1 1", "1 1"]


# --- how it is built ----------------------------------------


@pytest.mark.parametrize("standard", ["c++14", "c++17"])
@pytest.mark.parametrize("name", ["digits", "keyword_scrambled_8bit", "trained_lstm_int8", "hello_world_float"])
def test_it_compiles_where_the_library_keeps_its_names_in_tflite_micro(
    name: str, standard: str, models: Path, examples: Path, tmp_path: Path
) -> None:
    require_tools("arm-none-eabi-g++", install=f"apt-get install {harness.INSTALL}")
    annotated, goldens = named(name, models, examples)
    for platform in (Platform.ARDUINO, Platform.CMAKE):
        folder = write_files(tmp_path / platform.value, emulated_files(annotated, goldens, platform=platform))
        syntax_only(folder, standard, [harness.HERE / "namespaced"])


@pytest.mark.parametrize("standard", ["c++14", "c++17"])
@pytest.mark.parametrize("name", ["digits", "keyword_scrambled_8bit", "person_detect", "hello_world_float"])
def test_it_compiles_against_a_real_library(
    name: str, standard: str, models: Path, examples: Path, tmp_path: Path
) -> None:
    """Against today's sources, which no registry has.

    PACKAGER_TFLM_INCLUDES holds the include folders, separated by colons: of TensorFlow Lite Micro itself (with
    flatbuffers, gemmlowp and ruy), of the Arduino library or of Chirale's.
    """
    folders = [Path(name) for name in os.environ.get("PACKAGER_TFLM_INCLUDES", "").split(os.pathsep) if name]
    if not folders:
        pytest.skip("set PACKAGER_TFLM_INCLUDES to the include folders of a TensorFlow Lite Micro library")
    if standard == "c++14" and os.environ.get("PACKAGER_TFLM_STANDARD", "c++17") != "c++14":
        pytest.skip("this library is C++17; set PACKAGER_TFLM_STANDARD=c++14 for one that is not")
    require_tools("arm-none-eabi-g++", install=f"apt-get install {harness.INSTALL}")
    annotated, goldens = named(name, models, examples)
    syntax_only(write_files(tmp_path, emulated_files(annotated, goldens)), standard, folders)


def syntax_only(project: Path, standard: str, folders: list[Path]) -> None:
    includes = [option for folder in folders for option in ("-isystem", str(folder))]
    programs = ("app.cpp", "main.cpp")
    sources = sorted(path for path in project.rglob("*.cpp") if path.name not in programs)
    assert len(sources) >= 4
    for source in sources:
        command = ["arm-none-eabi-g++", *harness.CPU, f"-std={standard}", "-fsyntax-only", *harness.WARNINGS]
        harness.run_tool([*command, "-DTF_LITE_STATIC_MEMORY", *SELF_TEST, *includes, str(source)])


def test_the_model_stays_in_flash_and_the_assembler_gives_the_same(
    examples: Path, models: Path, tmp_path: Path
) -> None:
    annotated, goldens = named("digits", models, examples)
    write_files(tmp_path, emulated_files(annotated, goldens))
    other = emulated_files(annotated, goldens, platform=Platform.CMAKE)
    write_files(tmp_path / "cmake", other)
    sources = [*tmp_path.glob("digits/*.ino"), *sorted(tmp_path.glob("digits/*.cpp")), harness.CORE / "core.cpp"]
    from_array = harness.compile_sources(sources, tmp_path / "array.elf", defines=SELF_TEST)
    assembled = [path for path in sources if path.name != "model_data.cpp"]
    assembled.append(tmp_path / "cmake/src/model_data.S")
    from_assembler = harness.compile_sources(
        assembled, tmp_path / "assembler.elf", defines=SELF_TEST, includes=(f"-I{tmp_path}/cmake/src",)
    )
    data = (examples / "digits" / "digits.tflite").read_bytes()
    for program in (from_array, from_assembler):
        assert harness.run(program).lines[-1] == "PASS"
        symbols = {
            name: (int(address, 16), kind)
            for address, kind, name in (
                line.split()[-3:]
                for line in harness.run_tool(["arm-none-eabi-nm", str(program)]).splitlines()
                if len(line.split()) >= 3
            )
        }
        address, kind = symbols["digits_model_data"]
        assert kind in "RT"
        assert address % 16 == 0
        assert address < 0x20000000  # RAM begins there
        image = tmp_path / "flash.bin"
        harness.run_tool(["arm-none-eabi-objcopy", "-O", "binary", str(program), str(image)])
        assert image.read_bytes()[address : address + len(data)] == data


def test_without_self_test_its_data_takes_no_flash(examples: Path, models: Path, tmp_path: Path) -> None:
    annotated, goldens = named("digits", models, examples)
    write_files(tmp_path, emulated_files(annotated, goldens))
    program = harness.compile_sketch(tmp_path, tmp_path / "sketch.elf")
    symbols = harness.run_tool(["arm-none-eabi-nm", "-C", str(program)])
    assert "digits::Digits::begin" in symbols
    assert "olden" not in symbols
    assert "self_test" not in symbols


def test_no_heap_is_used(examples: Path, models: Path, tmp_path: Path) -> None:
    """The class and the self-test call neither malloc nor new, nor anything of exceptions."""
    annotated, goldens = named("digits", models, examples)
    write_files(tmp_path, emulated_files(annotated, goldens))
    sources = sorted((tmp_path / "digits").glob("*.cpp"))
    assert len(sources) == 9
    for source in sources:
        found = harness.library()
        target = tmp_path / "one.o"
        harness.run_tool(
            [
                *("arm-none-eabi-g++", *harness.CPU, "-std=c++17", *harness.CODE, *SELF_TEST, *found.includes),
                *("-c", str(source), "-o", str(target)),
            ]
        )
        undefined = harness.run_tool(["arm-none-eabi-nm", "-uC", str(target)])
        assert not re.search(r"malloc|operator new|__cxa_throw|_Unwind|printf|std::basic_string", undefined), (
            undefined
        )
