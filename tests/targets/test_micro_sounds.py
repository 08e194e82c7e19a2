"""Sketches that listen: samples of a microphone become the input, and each window has an answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from packager.annotated import AnnotatedModel
from packager.golden import Sample, read_samples
from packager.metadata.attach import Annotation, LabelFile
from packager.runtimes import Runtime
from packager.targets.micro import TARGET, Platform
from packager.targets.target import served
from packager.tasks import Task
from packager.tasks.audio import AudioInput, input_tensor, window_starts
from tests.conftest import needs_micro, write_files
from tests.hand_made import attached, copy, loudness
from tests.targets.micro import harness
from tests.targets.micro.projects import emulated_files, goldens_of
from tests.targets.test_micro_emulated import SELF_TEST, compile_main
from tests.tasks.wavs import noise, written

pytestmark = [pytest.mark.arm, needs_micro]

# The library of 2020 computes nothing of 16 bits without a scale: each sample is a class of its own.
MODELS: dict[str, Callable[[], bytes]] = {
    "floats": loudness,
    "pcm": lambda: copy("int16", None, 1600),
    "quantized": lambda: loudness("int16", (1600,), scale=1 / 16384),
}
# The scores are one of its two outputs.
BESIDE = "beside"


def model(kind: str, folder: Path, **values: Any) -> AnnotatedModel:
    labels = [f"sample {number}" for number in range(1600)] if kind == "pcm" else ["quiet", "begin", "end"]
    (folder / "labels.txt").write_text("".join(f"{label}\n" for label in labels))
    label_files = (LabelFile(folder / "labels.txt"),)
    annotation = Annotation(Task.AUDIO_CLASSIFICATION, label_files, sample_rate=16_000, **values)
    data = loudness(embedding=True) if kind == BESIDE else MODELS[kind]()
    return attached(data, annotation, kind)


def heard() -> np.ndarray[Any, Any]:
    """Half a second of 16 bits: silence, a crescendo and silence again."""
    loud = np.concatenate([np.zeros(1_900), np.linspace(0, 1, 2_500), np.zeros(3_600)])
    samples: np.ndarray[Any, Any] = (noise(8_000)[:, 0] * loud * 8_000).astype(np.int16)
    return samples


@pytest.mark.parametrize("kind", ["floats", "quantized"])
def test_the_self_test_passes(kind: str, tmp_path: Path) -> None:
    """On the windows of a sound; and fails where an answer was another."""
    annotated = model(kind, tmp_path)
    assert served(TARGET, annotated) == (annotated, ())
    (tmp_path / "sound.wav").write_bytes(written(heard(), 16_000))
    goldens = goldens_of(annotated, read_samples(annotated, [tmp_path / "sound.wav"]))
    project = write_files(tmp_path / "p", emulated_files(annotated, goldens))
    run = harness.run(harness.compile_sketch(project, tmp_path / "self_test.elf", defines=SELF_TEST))
    assert run.lines[-1] == "PASS", run
    cases = goldens.sets[Runtime.TFLITE_MICRO].cases
    assert [line.split(":")[0] for line in run.lines[:8]] == [f"case sound_{number}" for number in range(8)]
    assert [line.rpartition(", ")[2] for line in run.lines[:8]] == [case.answer[0].label for case in cases]
    golden = project / kind / "golden_data.cpp"
    text = golden.read_text()
    place = text.index("kCase1Output[")
    start = text.index("\n", place) + 1
    golden.write_text(text[:start] + text[start:].replace(text[start:].split(",")[0], "    0.5f", 1))
    run = harness.run(harness.compile_sketch(project, tmp_path / "self_test.elf", defines=SELF_TEST))
    assert run.lines[-1] == "FAIL"


def test_classes_stand_beside_another_output(tmp_path: Path) -> None:
    annotated = model(BESIDE, tmp_path)
    assert len(annotated.outputs) == 2
    assert served(TARGET, annotated) == (annotated, ())
    (tmp_path / "sound.wav").write_bytes(written(heard(), 16_000))
    goldens = goldens_of(annotated, read_samples(annotated, [tmp_path / "sound.wav"]))
    project = write_files(tmp_path / "p", emulated_files(annotated, goldens))
    run = harness.run(harness.compile_sketch(project, tmp_path / "self_test.elf", defines=SELF_TEST))
    assert run.lines[-1] == "PASS", run
    cases = goldens.sets[Runtime.TFLITE_MICRO].cases
    told = [line.rpartition(", ")[2] for line in run.lines if line.startswith("case ")]
    assert told == [case.answer[0].label for case in cases]


@pytest.mark.parametrize("kind", MODELS)
def test_microphone_samples_become_the_input(kind: str, tmp_path: Path) -> None:
    annotated = model(kind, tmp_path, hop=400)
    assert isinstance(annotated.input, AudioInput)
    project = write_files(tmp_path / "p", emulated_files(annotated))
    samples = np.resize(np.array([-32768, -1000, -1, 0, 1, 5000, 16384, 32767], np.int16), 1600)
    name = kind.title()
    code = (
        f"int main() {{ {name} model; if (model.begin() != Status::kOk) return 9; static int16_t samples[kInputSize];"
        " fread(samples, sizeof samples, 1, stdin); model.fill_input(samples);"
        " fwrite(model.input(), sizeof(*model.input()), kInputSize, stdout);"
        " return kSampleRate == 16000 && kHop == 400 ? 0 : 1; }"
    )
    done = harness.run_bytes(compile_main(project, code), samples.tobytes())
    assert done.returncode == 0
    expected = input_tensor(samples / np.float32(32768), annotated.input)
    np.testing.assert_array_equal(np.frombuffer(done.stdout, expected.dtype), expected.reshape(-1))


@pytest.mark.parametrize("platform", [Platform.ARDUINO, Platform.CMAKE])
@pytest.mark.parametrize("hop", [800, 1600, 7])
def test_it_listens(hop: int, platform: Platform, tmp_path: Path) -> None:
    """Each window, a hop behind the one before, has the answer that the packager reads."""
    annotated = model("quantized", tmp_path, hop=hop)
    audio = annotated.input
    assert isinstance(audio, AudioInput)
    samples = heard()[: 8_000 if hop > 100 else 2_000]
    windows = [
        Sample(f"w{start}", None, (input_tensor(samples[start:][:1600] / np.float32(32768), audio),))
        for start in window_starts(samples.size, audio)
    ]
    cases = goldens_of(annotated, windows).sets[Runtime.TFLITE_MICRO].cases
    project = write_files(tmp_path / "p", emulated_files(annotated, platform=platform))
    if platform is Platform.ARDUINO:
        program = harness.compile_sketch(project, tmp_path / "sketch.elf")
    else:
        program = harness.compile_sources(sorted((project / "src").glob("*.cpp")), tmp_path / "app.elf")
    run = harness.run(program, samples.astype("<i2").tobytes())
    lines = [line for line in run.lines if not line.startswith(" ")]
    assert [line.split()[0] for line in lines] == [case.answer[0].label for case in cases], run
    assert len({line.split()[0] for line in lines}) > 1 or hop == 7
