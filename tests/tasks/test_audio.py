"""Sounds: which models take them, windows, input tensors, resampling, and golden samples."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soxr

from packager.annotated import AnnotatedModel, annotated_model, read_annotated
from packager.errors import ConfigError, MetadataError
from packager.golden import golden_files, read_samples
from packager.golden.cases import GoldenCase, GoldenSet, Sample, Sound
from packager.golden.sounds import MOST_WINDOWS
from packager.inspection import inspect_model
from packager.metadata.attach import Annotation, LabelFile, annotate
from packager.metadata.embedding import embed
from packager.metadata.reader import read_metadata
from packager.model import Model, Quantization, parse_model, read_model
from packager.tasks import InputKind, Task
from packager.tasks.audio import AudioInput, input_tensor, read_sound, to_pcm, window_starts
from packager.tasks.classes import Classes
from packager.tasks.wav import WavError, open_wav
from tests.hand_made import attached, loudness
from tests.models import T, ports
from tests.tasks import shapes
from tests.tasks.wavs import UNREADABLE, Array, as_mono, chunk, header, noise, riff, written

RATE = 16_000


def annotation(folder: Path, **values: object) -> Annotation:
    (folder / "labels.txt").write_text("quiet\nbegin\nend\n")
    given = {"sample_rate": RATE, **values}
    return Annotation(Task.AUDIO_CLASSIFICATION, (LabelFile(folder / "labels.txt"),), **given)  # type: ignore[arg-type]


def takes(*inputs: T) -> Model:
    return parse_model(ports(inputs, (T("scores", (1, 3)),)), "model.tflite")


def audio(window: int = 8, hop: int = 4, dtype: str = "float32", scale: float | None = None) -> AudioInput:
    quantization = None if scale is None else Quantization((scale,), (0,), None)
    return AudioInput(shapes.tensor((1, window), dtype, quantization), RATE, window, hop)


# --- which models take a sound ----------------------------------------


@pytest.mark.parametrize(
    ("given", "values", "expected"),
    [
        (T("x", (1, 1600)), {}, (RATE, 1600, 800)),
        (T("x", (1600,)), {}, (RATE, 1600, 800)),
        (T("x", (1, 1600), signature=(-1, 1600)), {}, (RATE, 1600, 800)),
        (T("x", (1, 1601)), {}, (RATE, 1601, 800)),
        (T("x", (1, 1600), "int16"), {"hop": 1600}, (RATE, 1600, 1600)),
        (T("x", (1, 1600), "int16", 1 / 32768), {"hop": 1}, (RATE, 1600, 1)),
        (T("x", (1, 60 * 8_000)), {"sample_rate": 8_000, "audio_channels": 1}, (8_000, 480_000, 240_000)),
    ],
)
def test_models_that_take_a_sound(
    given: T, values: dict[str, int], expected: tuple[int, int, int], tmp_path: Path
) -> None:
    found = annotated_model(parse_model(annotate(takes(given), annotation(tmp_path, **values))))
    assert isinstance(found.input, AudioInput)
    assert (found.input.sample_rate, found.input.window, found.input.hop) == expected
    assert found.input.tensor == found.inputs[0].tensor
    assert isinstance(found.answer, Classes)
    assert found.labels == ("quiet", "begin", "end")
    assert (found.inputs[0].metadata.content, found.inputs[0].metadata.audio_channels) == ("audio", 1)


WITH_FEATURES = "Annotation(task=Task.TENSOR_CLASSIFICATION)"
# Inputs of no sound: their tensors, what is said of them, why they are refused, and what to do.
REFUSED: dict[str, tuple[tuple[T, ...], dict[str, int | None], str, str]] = {
    "two inputs": ((T("x", (1, 1600)), T("y", (1, 1))), {}, "has one input, and this one has 2", WITH_FEATURES),
    "a picture of sound": ((T("x", (1, 49, 40, 1)),), {}, "and this input is [1, 49, 40, 1]", WITH_FEATURES),
    "a last dimension of channels": ((T("x", (1, 1600, 1)),), {}, "this input is [1, 1600, 1]", WITH_FEATURES),
    "a batch": ((T("x", (2, 1600)),), {}, "this input is [2, 1600]", WITH_FEATURES),
    "a number": ((T("x", ()),), {}, "this input is []", WITH_FEATURES),
    "any length": ((T("x", (1,), signature=(-1,)),), {}, "any number of samples, [-1]", "takes [15600]"),
    "any length in a batch": ((T("x", (1, 1), signature=(1, -1)),), {}, "[1, -1]", "a fixed shape"),
    "int8": ((T("x", (1, 1960), "int8", 0.1),), {}, "1,960 items of int8 look like features", WITH_FEATURES),
    "uint8": ((T("x", (1, 16000), "uint8", 0.1),), {}, "16,000 items of uint8", WITH_FEATURES),
    "int32": ((T("x", (1, 16000), "int32"),), {}, "16,000 items of int32", WITH_FEATURES),
    "float16": ((T("x", (1, 16000), "float16"),), {}, "items of float16", WITH_FEATURES),
    "no rate": ((T("x", (1, 1600)),), {"sample_rate": None}, "no sample rate", "Annotation(sample_rate=16000)"),
    "too short": ((T("x", (1, 1599)),), {}, "1,599 samples at 16,000 a second are 0.09994 s", WITH_FEATURES),
    "too long": ((T("x", (1, 16001)),), {"sample_rate": 16}, "16,001 samples at 16 a second are 1,000 s", "rate"),
    "no samples": ((T("x", (1, 0)),), {}, "0 samples at 16,000 a second", WITH_FEATURES),
    "stereo": ((T("x", (1, 3200)),), {"audio_channels": 2}, "2 channels, and only mono", "Convert the model"),
    "a hop beyond a window": ((T("x", (1, 1600)),), {"hop": 1601}, "hop is 1,601, and a window", "1600, or"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_features_are_no_sound(what: str, tmp_path: Path) -> None:
    inputs, values, why, fix = REFUSED[what]
    with pytest.raises(MetadataError) as caught:
        annotate(takes(*inputs), annotation(tmp_path, **values))
    assert why in caught.value.what
    assert fix in (caught.value.fix or "")
    assert caught.value.about is not None


@pytest.mark.parametrize("what", REFUSED)
def test_nor_where_another_tool_says_so(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Metadata that name the task, or let it be told, may be wrong: the model is refused when it is read."""
    inputs, values, why, fix = REFUSED[what]
    said = read_metadata(parse_model(annotate(takes(T("x", (1, 1600))), annotation(tmp_path))))
    assert said is not None
    numbers = {"sample_rate": RATE, "audio_channels": 1, "hop": 800}
    numbers |= {name: value or 0 for name, value in values.items()}
    hop = numbers.pop("hop")
    metadata = replace(said, inputs=(replace(said.inputs[0], **numbers),) * len(inputs), hop=hop)  # type: ignore[arg-type]
    monkeypatch.setattr("packager.annotated.read_metadata", lambda _: metadata)
    with pytest.raises(MetadataError) as caught:
        annotated_model(takes(*inputs))
    assert why in caught.value.what
    assert fix in (caught.value.fix or "")
    assert caught.value.about is None or what == "a hop beyond a window"


@pytest.mark.parametrize(
    ("name", "labels", "why"),
    [
        ("micro_speech_quantized", 4, "1,960 items of int8 look like features"),
        ("kws_ref_model", 12, "this input is [-1, 49, 10, 1]"),
        ("audio_preprocessor_int8", 40, "480 samples at 16,000 a second are 0.03 s"),
        ("keyword_scrambled_8bit", 2, "96 samples at 16,000 a second are 0.006 s"),
        ("movie_review", 2, "256 items of int32 look like features"),
    ],
)
def test_real_models_of_features(name: str, labels: int, why: str, models: Path, tmp_path: Path) -> None:
    model = read_model(models / f"{name}.tflite")
    (tmp_path / "words.txt").write_text("".join(f"word {number}\n" for number in range(labels)))
    given = Annotation(Task.AUDIO_CLASSIFICATION, (LabelFile(tmp_path / "words.txt"),), sample_rate=RATE)
    with pytest.raises(MetadataError) as caught:
        annotate(model, given)
    assert why in caught.value.what
    assert WITH_FEATURES in (caught.value.fix or "")
    # What the message proposes is taken.
    if name != "audio_preprocessor_int8":
        features = annotate(model, replace(given, task=Task.TENSOR_CLASSIFICATION, sample_rate=None))
        assert annotated_model(parse_model(features)).answer.kind == "classes"


def test_features_are_told_before_their_labels(models: Path, tmp_path: Path) -> None:
    """Three labels are wrong for micro_speech too, and what is wrong with those is no help."""
    with pytest.raises(MetadataError, match="look like features"):
        annotate(read_model(models / "micro_speech_quantized.tflite"), annotation(tmp_path))


def test_inspect_shows_what_cannot_be_built(models: Path, tmp_path: Path) -> None:
    """A stranger's audio metadata on a model of features."""
    for given in (T("x", (1, 1960), "int8", 0.1), T("x", (1, 49, 10, 1))):
        good = parse_model(annotate(takes(T("x", (1, 1600))), annotation(tmp_path)))
        path = tmp_path / "features.tflite"
        assert good.metadata_buffer is not None
        path.write_bytes(embed(takes(given).data, good.metadata_buffer, {"labels.txt": b"a\nb\nc\n"}))
        report = inspect_model(path)
        assert report.metadata is not None
        assert report.metadata.task is Task.AUDIO_CLASSIFICATION
        assert set(report.targets) == {"android", "ios", "pi", "micro"}
        with pytest.raises(MetadataError, match=r"look like features|this input is"):
            read_annotated(path)


def test_yamnet(models: Path) -> None:
    """Its own metadata suffice; only the hop is ours."""
    found = read_annotated(models / "yamnet_audio_classifier_with_metadata.tflite")
    assert isinstance(found.input, AudioInput)
    assert (found.input.sample_rate, found.input.window, found.input.hop) == (16_000, 15_600, 7_800)
    assert found.input.tensor.shape == (15_600,)
    changed = annotated_model(parse_model(annotate(found.model, Annotation(hop=15_600))))
    assert changed.input == replace(found.input, hop=15_600, tensor=changed.inputs[0].tensor)
    assert changed.labels == found.labels


def test_classes_beside_other_outputs(tmp_path: Path) -> None:
    found = attached(loudness(embedding=True), annotation(tmp_path))
    assert isinstance(found.answer, Classes)
    assert (found.answer.output, len(found.outputs)) == (0, 2)


# --- windows and tensors ----------------------------------------


@pytest.mark.parametrize(
    ("samples", "hop", "starts"),
    [
        (0, 4, [0]),
        (1, 4, [0]),
        (8, 4, [0]),
        (11, 4, [0]),
        (12, 4, [0, 4]),
        (15, 4, [0, 4]),
        (16, 4, [0, 4, 8]),
        (16, 8, [0, 8]),
        (23, 8, [0, 8]),
        (11, 1, [0, 1, 2, 3]),
    ],
)
def test_windows(samples: int, hop: int, starts: list[int]) -> None:
    assert list(window_starts(samples, audio(8, hop))) == starts


PCM = [-32768, -1000, -1, 0, 1, 5000, 16384, 32767]


def test_floats_go_in_as_they_are() -> None:
    samples = np.array([0.1, -2.5, 1e-9], np.float32)
    tensor = input_tensor(samples, audio())
    np.testing.assert_array_equal(tensor, np.array([[*samples, 0, 0, 0, 0, 0]], np.float32), strict=True)


def test_16_bit_samples_go_in_as_they_were() -> None:
    samples = np.array(PCM, np.int16) / np.float32(32768)
    tensor = input_tensor(samples, audio(dtype="int16"))
    np.testing.assert_array_equal(tensor, np.array([PCM], np.int16), strict=True)
    # Zeros follow a clip that is too short.
    short = input_tensor(samples[:3], audio(dtype="int16"))
    np.testing.assert_array_equal(short, np.array([[*PCM[:3], 0, 0, 0, 0, 0]], np.int16), strict=True)


@pytest.mark.parametrize(
    ("sample", "item"),
    [(0.5 / 32768, 1), (0.4 / 32768, 0), (-0.5 / 32768, -1), (1.5 / 32768, 2), (1.0, 32767), (-3.0, -32768)],
)
def test_rounding_to_16_bits(sample: float, item: int) -> None:
    assert to_pcm(np.array([sample], np.float32)).tolist() == [item]


def test_quantized_samples() -> None:
    quantized = audio(dtype="int16", scale=1 / 16384)
    samples = np.array([0.5, -1, 3.0, 0.5 / 16384, -0.5 / 16384, 0, 0, 0], np.float32)
    np.testing.assert_array_equal(
        input_tensor(samples, quantized), np.array([[8192, -16384, 32767, 1, -1, 0, 0, 0]], np.int16), strict=True
    )


# --- other rates ----------------------------------------


def sound(data: bytes, rate: int = RATE, most: int = 1 << 20) -> Array:
    return read_sound(open_wav(io.BytesIO(data)), rate, most)


def tone(rate: int, seconds: float, pitch: float = 440) -> Array:
    made: Array = 0.5 * np.sin(2 * np.pi * pitch * np.arange(round(rate * seconds)) / rate)
    return made


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_001, 22_050, 44_100, 48_000, 192_000])
def test_a_tone_stays_a_tone_at_another_rate(rate: int) -> None:
    found = sound(written(tone(rate, 1), rate, "FLOAT"))
    assert found.dtype == np.float32
    assert abs(found.size - RATE) <= 1
    middle = slice(2_000, 14_000)
    np.testing.assert_allclose(found[middle], tone(RATE, 1)[middle], atol=1e-4)


def test_resampling_in_blocks_is_resampling_in_one_piece() -> None:
    data = written(noise(400_000), 44_100, "FLOAT")
    whole = soxr.resample(as_mono(data), 44_100, RATE, quality="VHQ")
    np.testing.assert_array_equal(sound(data), whole)
    np.testing.assert_array_equal(sound(data, most=1_000), whole[:1_000])


def test_what_is_beyond_the_new_rate_is_filtered() -> None:
    assert np.abs(sound(written(tone(48_000, 1, 12_000), 48_000, "FLOAT"))[2_000:-2_000]).max() < 1e-4


@pytest.mark.parametrize("rate", [1, 999, 1_000_001, 2**32 - 1])
def test_rates_of_no_sound(rate: int) -> None:
    data = riff(chunk(b"fmt ", header(rate=rate)), chunk(b"data", bytes(100)))
    with pytest.raises(WavError, match="no rate of a sound"):
        sound(data)
    assert sound(data, rate).size == 50


def test_next_to_nothing() -> None:
    with pytest.raises(WavError, match="holds no samples"):
        sound(written(np.zeros(1), 48_000), 1_000)


# --- golden samples ----------------------------------------


@pytest.fixture
def model(tmp_path: Path) -> AnnotatedModel:
    return attached(loudness(), annotation(tmp_path))


def given(sample: Sample) -> Sound:
    assert isinstance(sample.given, Sound)
    return sample.given


def test_each_window_is_a_sample(model: AnnotatedModel, tmp_path: Path) -> None:
    path = tmp_path / "Hello, world.wav"
    path.write_bytes(written(noise(3_300) / 2, RATE))
    samples = read_samples(model, [path])
    assert [sample.name for sample in samples] == ["hello_world_0", "hello_world_1", "hello_world_2"]
    assert [(given(sample).file, given(sample).start) for sample in samples] == [
        ("hello_world", 0),
        ("hello_world", 800),
        ("hello_world", 1600),
    ]
    (wav,) = {given(sample).wav for sample in samples}
    heard = as_mono(path.read_bytes())
    np.testing.assert_array_equal(as_mono(wav), heard[:3_200])
    for sample, start in zip(samples, (0, 800, 1600), strict=True):
        np.testing.assert_array_equal(sample.inputs[0], heard[None, start : start + 1600], strict=True)


def test_a_short_or_silent_sound_is_a_sample(model: AnnotatedModel, tmp_path: Path) -> None:
    (tmp_path / "short.wav").write_bytes(written(noise(3), RATE))
    (tmp_path / "silent.wav").write_bytes(written(np.zeros(1_600), RATE))
    short, silent = read_samples(model, [tmp_path / "short.wav", tmp_path / "silent.wav"])
    assert np.count_nonzero(short.inputs[0]) == 3
    assert not silent.inputs[0].any()
    assert as_mono(given(short).wav).size == 3


def test_a_long_sound_is_cut_to_its_first_windows(model: AnnotatedModel, tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    path.write_bytes(written(noise(500_000), 44_100))
    samples = read_samples(model, [path])
    assert len(samples) == MOST_WINDOWS
    assert as_mono(given(samples[0]).wav).size == 7 * 800 + 1600


def test_what_is_kept_is_what_goes_in(model: AnnotatedModel, tmp_path: Path) -> None:
    """In 16 bits, mono, at the model's rate, whatever the file has; so a device gets the very same tensor."""
    path = tmp_path / "fine.wav"
    path.write_bytes(written(noise(9_000, 2) * 1.5, 44_100, "DOUBLE", "WAVEX"))
    for sample in read_samples(model, [path]):
        kept = open_wav(io.BytesIO(given(sample).wav))
        assert (kept.rate, kept.channels, kept.width) == (RATE, 1, 2)
        start = given(sample).start
        np.testing.assert_array_equal(
            sample.inputs[0], as_mono(given(sample).wav)[None, start : start + 1600], strict=True
        )


def test_names_of_windows_and_files_differ(model: AnnotatedModel, tmp_path: Path) -> None:
    paths = []
    for name in ("a.wav", "A.WAV", "a_0.wav", "b/a.wav"):
        paths.append(tmp_path / name)
        paths[-1].parent.mkdir(exist_ok=True)
        paths[-1].write_bytes(written(noise(1_600), RATE))
    samples = read_samples(model, paths)
    assert [sample.name for sample in samples] == ["a_0", "a_2_0", "a_0_0", "a_3_0"]
    assert [given(sample).file for sample in samples] == ["a", "a_2", "a_0", "a_3"]


def test_windows_share_a_file_in_the_project(model: AnnotatedModel, tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_bytes(written(noise(2_400), RATE))
    samples = read_samples(model, [tmp_path / "x.wav"])
    outputs = (np.array([[0.2, 0.7, 0.1]], np.float32),)
    cases = tuple(
        GoldenCase(sample.name, sample.given, sample.inputs, outputs, model.answer.read(outputs, None))
        for sample in samples
    )
    files = golden_files(model, GoldenSet("none", cases))
    assert sorted(files) == [
        "cases.json", "x.wav", "x_0.input0.bin", "x_0.output0.bin", "x_1.input0.bin", "x_1.output0.bin",
    ]  # fmt: skip
    assert b'"sound": "x.wav",\n      "start": 800,' in files["cases.json"]


def test_random_sounds(model: AnnotatedModel) -> None:
    first, second = read_samples(model, []), read_samples(model, [])
    assert [sample.name for sample in first] == ["random_0", "random_1", "random_2"]
    assert [given(sample).start for sample in first] == [0, 800, 1600]
    assert {given(sample).file for sample in first} == {"random"}
    assert given(first[0]).wav == given(second[0]).wav
    assert len({sample.inputs[0].tobytes() for sample in first}) == 3
    assert 0.1 < np.abs(first[0].inputs[0]).max() < 0.5


def test_the_limit_counts_windows(model: AnnotatedModel, tmp_path: Path) -> None:
    long = attached(loudness(shape=(1, 160_000)), annotation(tmp_path, hop=80_000))
    (tmp_path / "x.wav").write_bytes(written(np.zeros(1_000_000), RATE))
    with pytest.raises(ConfigError, match="the inputs of 8 golden cases take 5 MB, and the limit is 2 MB"):
        read_samples(long, [tmp_path / "x.wav"], limit=2)
    assert len(read_samples(long, [tmp_path / "x.wav"], limit=5)) == 8


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_sample_that_is_no_sound(what: str, model: AnnotatedModel, tmp_path: Path) -> None:
    data, why = UNREADABLE[what]
    path = tmp_path / "x.wav"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=f"cannot be read as a golden sample: it .*{why}") as caught:
        read_samples(model, [path])
    assert caught.value.where == str(path)
    assert "ffmpeg" in (caught.value.fix or "")


def test_a_sound_that_is_missing(model: AnnotatedModel, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such golden sample"):
        read_samples(model, [tmp_path / "x.wav"])
    (tmp_path / "x.wav").mkdir()
    with pytest.raises(ConfigError, match="it is a folder"):
        read_samples(model, [tmp_path / "x.wav"])


def test_a_sound_for_a_model_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(written(noise(100), RATE))
    plain = annotated_model(takes(T("x", (1, 1600))))
    assert plain.input.kind is InputKind.TENSORS
    with pytest.raises(ConfigError, match="is a sound, and the model's task is tensors") as caught:
        read_samples(plain, [path])
    assert "audio-classification" in (caught.value.fix or "")
