"""Sound through a front end: features and answers as TensorFlow Lite Micro's Python runtime gives them."""

from __future__ import annotations

import functools
import json
import re
import wave
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from packager.annotated import AnnotatedModel, annotated_model
from packager.errors import ConfigError, PackagerError, TargetError
from packager.golden import Goldens, build_features, build_goldens, read_samples
from packager.metadata.attach import Annotation, LabelFile
from packager.model import parse_model
from packager.pipeline import build, package
from packager.replay import verify
from packager.runtimes import Runtime
from packager.targets.micro import TARGET, ArduinoLibrary, Options, Platform
from packager.targets.micro.arena import need_of
from packager.targets.micro.sources import InputSource
from packager.targets.target import build_project
from packager.tasks import Task
from packager.tasks.features import FeaturesInput
from packager.tasks.quantization import dequantize
from tests.conftest import needs_micro, write_files
from tests.example_models import digits
from tests.hand_made import FRONTENDS, attached, behind_frontend, frontend
from tests.models import T, ports
from tests.targets.micro import harness, host
from tests.targets.test_micro_platforms import HEADERS, PLATFORMS, core
from tests.targets.test_micro_sources import program_of, type_check
from tests.tasks.wavs import noise, written

pytestmark = [pytest.mark.slow, needs_micro]

FRONTEND = "audio_preprocessor_int8.tflite"
LABELS = ("silence", "unknown", "yes", "no")
WORDS = ("yes_1000ms.wav", "no_1000ms.wav")


@dataclass(frozen=True)
class Made:
    """A model behind its front end, and its golden answers."""

    annotated: AnnotatedModel
    goldens: Goldens
    options: Options

    @property
    def heard(self) -> FeaturesInput:
        assert isinstance(self.annotated.input, FeaturesInput)
        return self.annotated.input

    def files(self, **values: Any) -> dict[str, bytes]:
        options = replace(self.options, **{"platform": Platform.CMAKE, **values})
        return build_project(TARGET, self.annotated, options, self.goldens)[1]


def made(annotated: AnnotatedModel, options: Options, sounds: tuple[Path, ...]) -> Made:
    heard = TARGET.with_frontend(annotated, options)
    assert isinstance(heard.input, FeaturesInput)
    samples, arena = build_features(heard.input, read_samples(heard, sounds))
    goldens = build_goldens(heard, samples, [Runtime.TFLITE_MICRO])
    return Made(heard, replace(goldens, frontend=arena), options)


def labelled(data: bytes, labels: tuple[str, ...], folder: Path, name: str) -> AnnotatedModel:
    path = folder / "labels.txt"
    path.write_text("".join(f"{label}\n" for label in labels))
    return attached(data, Annotation(Task.TENSOR_CLASSIFICATION, (LabelFile(path),)), name)


@pytest.fixture(scope="module")
def speech(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("speech")
    annotated = labelled((models / "micro_speech_quantized.tflite").read_bytes(), LABELS, folder, "speech")
    return made(annotated, Options(frontend=models / FRONTEND), tuple(models / word for word in WORDS))


def synthetic(form: str, folder: Path) -> Made:
    (folder / "frontend.tflite").write_bytes(frontend(form))
    data = behind_frontend(form)
    annotated = (
        attached(data, Annotation(Task.TENSORS), form)
        if form == "pcm"
        else labelled(data, ("a", "b", "c"), folder, form)
    )
    loud = np.linspace(0.01, 1, 60) * noise(60)[:, 0] * 20_000
    (folder / "sound.wav").write_bytes(written(loud.astype(np.int16), 16_000))
    options = Options(frontend=folder / "frontend.tflite", frontend_stride=4)
    return made(annotated, options, (folder / "sound.wav",))


def read_pcm(path: Path) -> np.ndarray[Any, Any]:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (16_000, 2, 1)
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def spoken(models: Path) -> np.ndarray[Any, Any]:
    """Two words, and a quiet room around them."""
    room = np.random.default_rng(0).integers(-20, 21, 16_000).astype(np.int16)
    yes, no = (read_pcm(models / word) for word in WORDS)
    return np.concatenate([room, yes, room, room, no, room, room])


@functools.cache
def reference(models: Path, sound: bytes) -> tuple[np.ndarray[Any, Any], Mapping[int, np.ndarray[Any, Any]]]:
    """All slices of a sound by hand, and the answer to the 49 slices that end with each number of them."""
    from tflite_micro import runtime

    preprocessor = runtime.Interpreter.from_file(str(models / FRONTEND))
    classifier = runtime.Interpreter.from_file(str(models / "micro_speech_quantized.tflite"))
    pcm, slices = np.frombuffer(sound, np.int16), []
    for start in range(0, pcm.size - 480 + 1, 320):
        preprocessor.set_input(pcm[start : start + 480].reshape(1, 480), 0)
        preprocessor.invoke()
        slices.append(preprocessor.get_output(0).copy())
    features = np.array(slices, np.int8)
    answers = {}
    for end in range(49, len(features) + 1, 5):
        classifier.set_input(features[end - 49 : end].reshape(1, 1960), 0)
        classifier.invoke()
        answers[end] = classifier.get_output(0)[0].copy()
    return features, answers


def recognized(answers: Mapping[int, np.ndarray[Any, Any]]) -> list[tuple[int, np.float32, bool]]:
    """What is heard by an average over a second, of 10 answers: said in another way than by the generated code."""
    found: list[tuple[int, np.float32, bool]] = []
    scores: list[np.ndarray[Any, Any]] = []
    news: list[tuple[int, int]] = []
    for number, items in enumerate(answers.values()):
        scores = [*scores, (items.astype(np.float32) + np.float32(128)) * np.float32(1 / 256)][-10:]
        total = np.zeros(4, np.float32)
        for one in scores:
            total = total + one
        average = total / np.float32(len(scores))
        best = int(np.argmax(average))
        again = bool(news) and news[-1][1] == best and number - news[-1][0] < 15
        is_new = len(scores) >= 3 and average[best] >= np.float32(0.784) and not again
        news += [(number, best)] if is_new else []
        found.append((best, average[best], is_new))
    return found


# --- the real pair, in the runtime of the package ----------------------------------------


def test_the_words_are_understood(speech: Made) -> None:
    cases = speech.goldens.sets[Runtime.TFLITE_MICRO].cases
    assert [(case.name, case.answer[0].label) for case in cases] == [("yes_1000ms_0", "yes"), ("no_1000ms_0", "no")]


def test_golden_features_and_answers_are_those_of_the_runtime(speech: Made, models: Path) -> None:
    """Item for item; the second word is heard by a front end that has forgotten the first."""
    for case, word in zip(speech.goldens.sets[Runtime.TFLITE_MICRO].cases, WORDS, strict=True):
        features, answers = reference(models, read_pcm(models / word).tobytes())
        assert features.shape == (49, 40)
        np.testing.assert_array_equal(case.inputs[0].reshape(49, 40), features)
        np.testing.assert_array_equal(case.outputs[0][0], answers[49])


STREAM = """
#include <stdio.h>

#include "speech.h"

using namespace speech;

int main() {
  static Speech model;
  Recognizer recognizer;
  printf("%d\\n", static_cast<int>(model.feed(nullptr, 0)));
  if (model.begin() != Status::kOk) return 1;
  printf("%d\\n", static_cast<int>(model.invoke()));
  static int16_t samples[4096];
  const size_t counts[] = {1, 4096, 7, 481, 320, 319, 2048};
  size_t turn = 0, total = 0, count;
  while ((count = fread(samples, 2, counts[turn++ % 7], stdin)) > 0) {
    size_t before = total;
    for (size_t fed = 0; fed < count;) {
      // To the end of the next slice, so that none is left out.
      const size_t left = (before < kWindow ? kWindow - before : kStride - (before - kWindow) % kStride);
      const size_t part = left < count - fed ? left : count - fed;
      if (model.feed(samples + fed, part) != Status::kOk) return 2;
      fed += part;
      before += part;
      if (!model.is_ready() || model.new_slices() < kHop) continue;
      for (size_t i = 0; i < kSlices; ++i) {
        for (size_t j = 0; j < kFeatures; ++j) printf("%d ", model.slice(i)[j]);
      }
      if (model.invoke() != Status::kOk || model.new_slices() != 0) return 3;
      for (size_t i = 0; i < kOutputSize; ++i) printf("%d ", model.output()[i]);
      const Recognition heard = recognizer.add(model);
      printf("%zu %.9g %d\\n", heard.index, static_cast<double>(heard.score), heard.is_new);
    }
    total += count;
  }
  printf("%d %d\\n", model.slice(kSlices) == nullptr, static_cast<int>(model.reset()));
  printf("%d %d\\n", model.is_ready(), model.slice(0) == nullptr);
}
"""


@pytest.mark.cpp
def test_the_class_makes_the_features_and_answers_of_the_runtime(speech: Made, models: Path, tmp_path: Path) -> None:
    """Of a sound that comes in pieces of any size, item for item; and what is heard over time."""
    write_files(tmp_path / "p", speech.files())
    (tmp_path / "stream.cpp").write_text(STREAM)
    program = host.compile_project(tmp_path / "p", tmp_path, main=tmp_path / "stream.cpp")
    sound = spoken(models).tobytes()
    done = host.run(program, sound)
    assert done.returncode == 0, done
    features, answers = reference(models, sound)
    not_ready, too_few, *lines, end, empty = done.stdout.decode().splitlines()
    header = (tmp_path / "p/src/speech.h").read_text()
    names = re.findall(r"^  (k\w+),", header[header.index("enum class Status") :], re.MULTILINE)
    assert (names[int(not_ready)], names[int(too_few)]) == ("kNotReady", "kTooFewSamples")
    assert (end, empty) == ("1 0", "0 1")
    assert len(lines) == len(answers)
    for line, (count, answer), heard in zip(lines, answers.items(), recognized(answers), strict=True):
        *items, index, score, is_new = line.split()
        numbers = np.array(items, np.int64)
        np.testing.assert_array_equal(numbers[:1960].reshape(49, 40), features[count - 49 : count])
        np.testing.assert_array_equal(numbers[1960:], answer)
        assert (int(index), np.float32(score), is_new == "1") == heard
    assert [LABELS[index] for index, _, is_new in recognized(answers) if is_new and index > 1] == ["yes", "no"]


@pytest.mark.cpp
def test_the_program_says_what_it_hears(speech: Made, models: Path, tmp_path: Path) -> None:
    write_files(tmp_path / "p", speech.files())
    done = host.run(host.compile_project(tmp_path / "p", tmp_path), spoken(models).tobytes())
    assert [line.split()[0] for line in done.stdout.decode().splitlines()] == ["yes", "no"], done


@pytest.mark.cpp
def test_the_self_test_passes_and_fails(speech: Made, tmp_path: Path) -> None:
    """It fails where a golden feature or a weight of the front end was another."""
    project = write_files(tmp_path / "p", speech.files())

    def lines() -> list[str]:
        return host.run(host.compile_project(project, tmp_path, "-DSELF_TEST=1")).stdout.decode().splitlines()

    told = lines()
    assert [re.sub(r"\d+ us", "T", line) for line in told[:2]] == [
        "case yes_1000ms_0: features 0, T a slice, max difference 0, T, yes",
        "case no_1000ms_0: features 0, T a slice, max difference 0, T, no",
    ]
    assert told[-1] == "PASS"
    used = re.fullmatch(r"arena: (\d+) of (\d+) bytes used; (\d+) would do", told[-2])
    assert used is not None
    assert int(used[1]) < int(used[3]) <= int(used[2])
    golden = project / "src/golden_data.cpp"
    text = golden.read_text()
    changed = re.sub(r"(kCase1Input\[kInputSize\] = \{\n +)-?\d+,", r"\g<1>4,", text)
    assert changed != text
    golden.write_text(changed)
    told = lines()
    assert re.match(r"case no_1000ms_0: features [1-9]", told[1])
    assert told[-1] == "FAIL"
    golden.write_text(text)
    weights = project / "src/frontend.tflite"
    data = weights.read_bytes()
    # The vector of the window: 480 numbers of 16 bits.
    start = data.index(np.array([960], "<u4").tobytes()) + 4
    weights.write_bytes(data[: start + 400] + bytes(100) + data[start + 500 :])
    assert lines()[-1] == "FAIL"


@pytest.mark.cpp
def test_a_profile_has_the_operators_of_both(speech: Made, tmp_path: Path) -> None:
    write_files(tmp_path / "p", speech.files(profile=True))
    done = host.run(host.compile_project(tmp_path / "p", tmp_path, "-DSELF_TEST=1"))
    assert done.stdout.decode().splitlines()[-1] == "PASS", done
    assert b"SignalRfft" in done.stdout or b"RFFT" in done.stdout.upper()


def test_verify_replays_it(speech: Made, tmp_path: Path) -> None:
    project = write_files(tmp_path, speech.files())
    report = verify(project)
    assert report.passed, report
    assert [case.difference for case in report.cases] == [0, 0]
    assert report.needed_arena is not None
    assert report.needed_arena <= report.arena_bytes
    header = project / "src/input.h"
    text = header.read_text()
    header.write_text(text.replace("kStride = 320", "kStride = 160"))
    with pytest.raises(ConfigError, match="case yes_1000ms_0 does not fit"):
        verify(project)
    header.write_text(text.replace("constexpr size_t kStride", "const int kStep"))
    with pytest.raises(ConfigError, match="holds no kStride as this tool writes it"):
        verify(project)
    header.write_text(text)
    source = project / "src/frontend_data.cpp"
    array = source.read_text()
    source.write_text(array.replace("0xff", "0xfe"))
    assert any("frontend_data.cpp is not the one that was written" in problem for problem in verify(project).problems)
    source.write_text((project / "src/model_data.cpp").read_text())
    with pytest.raises(ConfigError, match="its input is int8"):
        verify(project)


def test_the_arena_is_shared(speech: Made) -> None:
    """It is smaller than two."""
    goldens = speech.goldens
    assert goldens.frontend is not None
    assert goldens.arena_bytes is not None
    alone = [
        need_of(goldens.arena_bytes, goldens.arena_use).bytes,
        need_of(goldens.frontend.bytes, goldens.frontend.use).bytes,
    ]
    context = TARGET.build_context(speech.annotated, replace(speech.options, platform=Platform.CMAKE), goldens)
    arena = context.project.arena
    assert arena.needed is not None
    assert arena.least is not None
    assert max(alone) < arena.needed < sum(alone)
    # As much as it took on an emulated Cortex-M3 with upstream TensorFlow Lite Micro of August 2026.
    assert arena.least <= 12_084 <= arena.needed <= 12_084 * 1.15 + 512


# --- every platform ----------------------------------------


@pytest.mark.arm
@pytest.mark.parametrize("platform", PLATFORMS)
def test_it_compiles_for_every_platform(platform: Platform, speech: Made, tmp_path: Path) -> None:
    """Zephyr's module lacks the Signal operators: the sources are compiled all the same."""
    folder = write_files(tmp_path, speech.files(platform=platform)) / core(platform)
    includes = tuple(option for header in HEADERS[platform] for option in ("-isystem", str(header)))
    sources = [
        path for path in sorted(folder.glob("*.cpp")) if path.name not in ("model_data.cpp", "frontend_data.cpp")
    ]
    for standard, define in (("gnu++14", "-DSELF_TEST=0"), ("c++17", "-DSELF_TEST=1")):
        command = ["arm-none-eabi-g++", *harness.CPU, f"-std={standard}", "-fsyntax-only", *harness.WARNINGS, define]
        headers = ("-isystem", str(harness.HERE / "namespaced"), f"-I{folder}")
        harness.run_tool([*command, *headers, *includes, *map(str, sources)])
    for array in ("model", "frontend"):
        harness.compile_source(folder / f"{array}_data.S", tmp_path / f"{array}.o", includes=(f"-I{folder}",))


@pytest.mark.arm
@pytest.mark.parametrize(
    "name",
    ["Recognition", "frontend", "answers in", "feed"],
)
def test_names_of_projects_clash_with_nothing(name: str, speech: Made, tmp_path: Path) -> None:
    program = write_files(tmp_path / "a", speech.files(name=name)) / "src"
    sketch = write_files(tmp_path / "b", speech.files(name=name, platform=Platform.ARDUINO))
    (ino,) = sketch.glob("*/*.ino")
    command = ["arm-none-eabi-g++", *harness.CPU, "-std=c++17", "-fsyntax-only", *harness.WARNINGS]
    namespaced = ("-isystem", str(harness.HERE / "namespaced"))
    for define in ("-DSELF_TEST=0", "-DSELF_TEST=1"):
        sources = [path for path in sorted(program.glob("*.cpp")) if not path.name.endswith("_data.cpp")]
        harness.run_tool([*command, define, *namespaced, f"-I{program}", *map(str, sources)])
    board = (f"-I{harness.CORE}", f"-I{harness.HERE}/arduino/libraries/TensorFlowLite/src", f"-I{ino.parent}")
    harness.run_tool([*command, *namespaced, *board, "-x", "c++", "-include", "Arduino.h", str(ino)])


# --- other forms, emulated ----------------------------------------


@pytest.mark.arm
@pytest.mark.parametrize("form", FRONTENDS)
def test_the_self_test_passes_emulated(form: str, tmp_path: Path) -> None:
    """Whatever types the samples, the features and the model's input have."""
    model = synthetic(form, tmp_path)
    project = write_files(tmp_path / "p", model.files(platform=Platform.ARDUINO, arena_bytes=16_000))
    run = harness.run(harness.compile_sketch(project, tmp_path / "self_test.elf", defines=("-DSELF_TEST=1",)))
    assert run.lines[-1] == "PASS", run
    assert sum(line.startswith("case sound_") for line in run.lines) == len(
        model.goldens.sets[Runtime.TFLITE_MICRO].cases
    )
    assert all("features 0" in line for line in run.lines if line.startswith("case ")), run


@pytest.mark.parametrize("form", FRONTENDS)
def test_features_are_joined_by_their_real_numbers(form: str, tmp_path: Path) -> None:
    model = synthetic(form, tmp_path)
    heard = model.heard
    assert (heard.slices, heard.clip.window) == (4, 18)
    pcm = np.random.default_rng(1).integers(-32768, 32768, 18).astype(np.int16)
    real = pcm / 32768 if form in ("pcm", "requantized") else (pcm / 32768) ** 2
    sample = replace(read_samples(model.annotated, ())[0], inputs=(pcm,))
    (joined,), _ = build_features(heard, [sample])
    assert joined.inputs[0].shape == heard.tensor.shape
    assert joined.inputs[0].dtype == heard.tensor.dtype
    expected = np.stack([real[start : start + 6] for start in (0, 4, 8, 12)]).reshape(-1)
    found = joined.inputs[0].reshape(-1)
    if form == "pcm":
        np.testing.assert_array_equal(found, expected * 32768)
        return
    step = heard.tensor.affine.scale if heard.tensor.affine else 1e-6
    # The front end rounds, too, and the items end where int8 does.
    limits = (-np.inf, np.inf) if form == "floats" else ((-128 + 5) / 64, (127 + 5) / 64)
    low, high = ((-128 - 3) / 100, (127 - 3) / 100) if form == "requantized" else limits
    within = step / 2 + (0.005 if form == "requantized" else 0) + 1e-6
    assert np.abs(dequantize(found, heard.tensor) - expected.clip(low, high).clip(*limits)).max() <= within


@pytest.mark.arm
def test_the_sketch_listens(tmp_path: Path) -> None:
    """A sketch that compiles and runs on sound, whose answers are not of words."""
    model = synthetic("floats", tmp_path)
    project = write_files(tmp_path / "p", model.files(platform=Platform.ARDUINO, arena_bytes=16_000))
    loud = (noise(4_000)[:, 0] * 30_000).astype("<i2").tobytes()
    run = harness.run(harness.compile_sketch(project, tmp_path / "sketch.elf"), loud)
    assert run.code == 0
    assert all(line.split()[0] in "abc" for line in run.lines if not line.startswith(" "))


def test_tree_of_a_front_end(tmp_path: Path, assert_tree: Callable[..., None]) -> None:
    assert_tree("micro_frontend", synthetic("requantized", tmp_path).files(name="speech"))


# --- what does not fit ----------------------------------------


def takes(*inputs: T) -> AnnotatedModel:
    return annotated_model(parse_model(ports(inputs, [T("y", (1, 4))]), "taker.tflite"))


@pytest.mark.parametrize("shape", [(1, 1960), (1, 49, 40), (1, 49, 40, 1), (49, 40), (1960,)])
def test_layouts(shape: tuple[int, ...], models: Path) -> None:
    heard = TARGET.with_frontend(takes(T("x", shape, "int8", 0.1, -128)), Options(frontend=models / FRONTEND)).input
    assert isinstance(heard, FeaturesInput)
    assert (heard.slices, heard.stride, heard.sample_rate, heard.clip.window) == (49, 320, 16_000, 15_840)


@pytest.mark.parametrize(
    ("tensor", "what"),
    [
        (T("x", (1, 49, 10, 1), "int8", 0.5, 83), "which is no whole number of slices of 40 items"),
        (T("x", (1, 40, 49), "int8", 0.5, 83), "which is no whole number of slices of 40 items"),
        (T("x", (1, 7, 7, 40), "int8", 0.5, 83), "which is no whole number of slices of 40 items"),
        (T("x", (1, 1960), "uint8", 0.5, 3), "what items stand for is not known"),
        (T("x", (1, 1960)), "what items stand for is not known"),
    ],
    ids=str,
)
def test_what_the_front_end_does_not_fill(tensor: T, what: str, models: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        TARGET.with_frontend(takes(tensor), Options(frontend=models / FRONTEND))
    assert what in caught.value.what
    # Both are told.
    shape = "[" + ", ".join(map(str, tensor.shape)) + "]"
    assert f"gives int8 [40], and the model takes {tensor.dtype} {shape}" in caught.value.what


SAMPLES, SLICE = T("x", (1, 480), "int16"), T("y", (40,), "int8")


@pytest.mark.parametrize(
    ("inputs", "outputs", "what"),
    [
        ([SAMPLES, SAMPLES], [SLICE], "has 2 inputs and 1 outputs"),
        ([SAMPLES], [SLICE, SLICE], "has 1 inputs and 2 outputs"),
        ([T("x", (1, 480), "int32")], [SLICE], "its input is int32"),
        ([T("x", (1, 0), "int16")], [SLICE], "its input is int16"),
        ([T("x", (1, 480), "int16", signature=(1, -1))], [SLICE], "its input is int16"),
        ([SAMPLES], [T("y", (40,), "int64")], "its output is int64"),
        ([T("x", (1, 1 << 30), "int16")], [SLICE], "beyond any microcontroller"),
        ([T("x", (1, 512), "int16")], [SLICE], "nothing says how far one is behind the other"),
    ],
)
def test_what_is_no_front_end(inputs: list[T], outputs: list[T], what: str, tmp_path: Path) -> None:
    (tmp_path / "frontend.tflite").write_bytes(ports(inputs, outputs))
    with pytest.raises(PackagerError, match=what):
        TARGET.with_frontend(
            takes(T("x", (1, 1960), "int8", 0.1, -128)), Options(frontend=tmp_path / "frontend.tflite")
        )


def test_a_front_end_of_other_windows_has_the_stride_that_is_given(tmp_path: Path) -> None:
    (tmp_path / "frontend.tflite").write_bytes(ports([T("x", (1, 512), "int16")], [SLICE]))
    options = Options(frontend=tmp_path / "frontend.tflite", frontend_stride=256, frontend_rate=8_000)
    heard = TARGET.with_frontend(takes(T("x", (1, 1960), "int8", 0.1, -128)), options).input
    assert isinstance(heard, FeaturesInput)
    assert (heard.stride, heard.sample_rate, heard.clip.window) == (256, 8_000, 48 * 256 + 512)


def test_a_model_of_two_inputs_and_one_of_pictures(examples: Path, models: Path) -> None:
    with pytest.raises(ConfigError, match="fills one input, and the model has 2"):
        TARGET.with_frontend(takes(SAMPLES, SAMPLES), Options(frontend=models / FRONTEND))
    with pytest.raises(ConfigError, match="the model's task is image-classification"):
        TARGET.with_frontend(digits(examples), Options(frontend=models / FRONTEND))


@pytest.mark.parametrize("library", ArduinoLibrary)
def test_a_library_without_its_operators_is_told_before_anything_is_computed(
    library: ArduinoLibrary, speech: Made, models: Path, tmp_path: Path
) -> None:
    (tmp_path / "speech.tflite").write_bytes(speech.annotated.model.data)
    options = Options(frontend=models / FRONTEND, arduino_library=library)
    said: list[str] = []
    with pytest.raises(TargetError, match=r"has no SignalWindow.*\n.*to cmake, or to one of esp-idf, pico") as caught:
        package("micro", tmp_path / "speech.tflite", tmp_path / "out", options, say=said.append)
    assert caught.value.where == str(models / FRONTEND)
    assert said == []


def test_an_array_is_no_sound(speech: Made, tmp_path: Path) -> None:
    np.save(tmp_path / "features.npy", np.zeros((1, 1960), np.int8))
    with pytest.raises(ConfigError, match="cannot be read as a golden sample: it is no WAV file"):
        read_samples(speech.annotated, [tmp_path / "features.npy"])


def test_a_build_of_several_targets_has_the_same_features(models: Path, tmp_path: Path) -> None:
    """The others get them as arrays."""
    (tmp_path / "speech.tflite").write_bytes((models / "micro_speech_quantized.tflite").read_bytes())
    (tmp_path / "labels.txt").write_text("\n".join(LABELS))
    (tmp_path / "yes.wav").write_bytes((models / WORDS[0]).read_bytes())
    (tmp_path / FRONTEND).write_bytes((models / FRONTEND).read_bytes())
    (tmp_path / "packager.toml").write_text(f"""
model = "speech.tflite"
golden = "*.wav"
targets = ["pi", "micro"]
[metadata]
task = "tensor-classification"
labels = "labels.txt"
[micro]
platform = "cmake"
frontend = "{FRONTEND}"
""")
    report = build(tmp_path, tmp_path / "out")
    (golden,) = (tmp_path / "out/pi").rglob("cases.json")
    (case,) = json.loads(golden.read_text())["cases"]
    assert (case["name"], case["answers"][0]["label"]) == ("yes_0", "yes")
    assert "sound" not in case
    features, _ = reference(models, read_pcm(models / WORDS[0]).tobytes())
    assert (golden.parent / case["inputs"][0]).read_bytes() == features.tobytes()
    assert set(report.folders) == {"pi", "micro"}
    assert verify(tmp_path / "out/micro").passed


@pytest.mark.cpp
def test_a_microphone_feeds_it_where_the_library_has_its_operators(speech: Made, tmp_path: Path) -> None:
    """That is on ESP32 boards; Arduino's libraries have not got them."""
    options = replace(
        speech.options, source=InputSource.MICROPHONE, board="xiao-esp32s3-sense", platform=Platform.ESP_IDF
    )
    TARGET.check_options(speech.annotated.model, options)
    TARGET.check_input(speech.annotated, options)
    project = write_files(tmp_path, build_project(TARGET, speech.annotated, options, speech.goldens)[1])
    for file in program_of(project):
        done = type_check(project, file)
        assert done.returncode == 0, done.stderr
    app = project / "main" / "app.cpp"
    app.write_text(app.read_text().replace("read_samples(samples, kStride)", "read_samples(samples)"))
    assert "read_samples" in type_check(project, app).stderr
    with pytest.raises(TargetError, match="has no Signal"):
        TARGET.check_options(speech.annotated.model, replace(options, platform=Platform.ARDUINO))
