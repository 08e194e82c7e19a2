"""The generated Pi package that listens: files, arrays and a microphone; its self-test."""

from __future__ import annotations

import ctypes.util
import fcntl
import itertools
import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr

from packager.annotated import AnnotatedModel
from packager.metadata.attach import Annotation, LabelFile
from packager.tasks import Task
from packager.tasks.audio import AudioInput, input_tensor
from tests.conftest import missing_toolchain, needs_toolchain, write_files
from tests.hand_made import attached, loudness
from tests.targets.pi.code import check_code
from tests.targets.test_pi import Compare, project, unused_names
from tests.targets.test_pi_files import SECONDS, Run, run, run_code, started, told
from tests.tasks import wavs
from tests.tasks.wavs import READABLE, UNREADABLE, Array, as_mono, noise, written

pytestmark = pytest.mark.slow

RATE = 16_000
WINDOW = 1_600
# Models of the same answers, by the form of their input.
MODELS: dict[str, Callable[[], bytes]] = {
    "floats": loudness,
    "pcm": lambda: loudness("int16"),
    "quantized": lambda: loudness("int16", (WINDOW,), scale=1 / 16384),
    "two": lambda: loudness(embedding=True),
}


def model(kind: str, folder: Path, **values: Any) -> AnnotatedModel:
    (folder / "labels.txt").write_text("quiet\nbegin\nend\n")
    (folder / "german.txt").write_text("leise\nAnfang\nEnde\n")
    labels = (LabelFile(folder / "labels.txt"), LabelFile(folder / "german.txt", "de"))
    given = {"sample_rate": RATE, **values}
    return attached(MODELS[kind](), Annotation(Task.AUDIO_CLASSIFICATION, labels, **given), kind)


def spoken(seconds: float = 1, rate: int = RATE) -> Array:
    """What swells and fades five times a second."""
    time = np.arange(round(seconds * rate)) / rate
    made: Array = 0.3 * np.sin(2 * np.pi * 440 * time) * np.sin(2 * np.pi * 2.5 * time) ** 8
    return made


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages of ``MODELS``, and a sound beside them."""
    folder = tmp_path_factory.mktemp("pi")
    (folder / "sound.wav").write_bytes(written(spoken(), RATE))
    for kind in MODELS:
        write_files(folder, project(model(kind, folder), [folder / "sound.wav"]))
    return folder


def documents(ran: Run) -> list[dict[str, Any]]:
    assert (ran.returncode, told(ran)) == (0, []), ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


def listen(folder: Path, kind: str, *arguments: str | Path) -> list[dict[str, Any]]:
    return documents(run(folder, kind, "listen", *arguments, "--json"))


def scores(window: Array) -> Array:
    """What ``loudness`` answers, of float samples."""
    powers = window.astype(np.float64) ** 2
    halves = powers[: WINDOW // 2].sum(), powers[WINDOW // 2 :].sum()
    logits = np.array([2 - sum(halves) * 1000 / WINDOW, *(half * 1000 / WINDOW for half in halves)])
    made: Array = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    return made


def by_index(results: list[dict[str, Any]]) -> list[float]:
    return [item["score"] for item in sorted(results, key=lambda item: item["index"])]


def test_tree(tmp_path: Path, assert_tree: Compare) -> None:
    (tmp_path / "sound.wav").write_bytes(written(np.round(spoken(0.3) * 100) / 128, RATE))
    assert_tree("pi_sound", project(model("floats", tmp_path), [tmp_path / "sound.wav"]))


# --- files ----------------------------------------


@pytest.mark.parametrize("kind", MODELS)
def test_windows_in_json(kind: str, packages: Path) -> None:
    (found,) = listen(packages, kind, "sound.wav")
    assert list(found) == ["file", "windows"]
    assert found["file"] == "sound.wav"
    assert [window["start"] for window in found["windows"]] == [number / 20 for number in range(19)]
    samples = as_mono((packages / "sound.wav").read_bytes())
    for number, window in enumerate(found["windows"]):
        assert list(window) == ["start", "results"]
        assert [list(item) for item in window["results"]] == [["label", "index", "score"]] * 3
        assert {item["index"]: item["label"] for item in window["results"]} == {0: "quiet", 1: "begin", 2: "end"}
        heard = samples[number * 800 :][:WINDOW]
        assert by_index(window["results"]) == pytest.approx(scores(heard), abs=1e-3), number
    best = [window["results"][0]["label"] for window in found["windows"]]
    assert set(best) == {"quiet", "begin", "end"}


def test_lines_for_people(packages: Path) -> None:
    ran = run(packages, "floats", "listen", "sound.wav", "sound.wav", "--hop", "1500", "--top-k", "2")
    assert (ran.returncode, told(ran)) == (0, [])
    (found,) = listen(packages, "floats", "sound.wav", "--hop", "1500", "--top-k", "2")
    lines = ["sound.wav"]
    for window in found["windows"]:
        categories = ", ".join(f"{item['label']} {item['score']:.2f}" for item in window["results"])
        lines.append(f"  {window['start']:9.3f} s  {categories}")
    assert ran.stdout.splitlines() == lines * 2
    assert lines[2].startswith("      0.094 s  ")
    assert len(lines) == 11
    nothing = run(packages, "floats", "listen", "sound.wav", "--threshold", "1", "--hop", "1600")
    assert nothing.stdout.splitlines()[1:] == [f"  {number / 10:9.3f} s  -" for number in range(10)]


def test_options(packages: Path) -> None:
    (found,) = listen(packages, "floats", "sound.wav", "--locale=de", "--top-k=1", "--hop=1600", "--threads=2")
    assert [window["start"] for window in found["windows"]] == [number / 10 for number in range(10)]
    assert {item["label"] for window in found["windows"] for item in window["results"]} <= {"leise", "Anfang", "Ende"}
    (certain,) = listen(packages, "floats", "sound.wav", "--threshold=0.9")
    for window in certain["windows"]:
        assert all(item["score"] >= 0.9 for item in window["results"])


@pytest.mark.parametrize(("samples", "starts"), [(1, [0]), (1599, [0]), (1600, [0]), (2399, [0]), (2400, [0, 0.05])])
def test_short_sounds(samples: int, starts: list[float], packages: Path, tmp_path: Path) -> None:
    data = written(spoken()[3_000 : 3_000 + samples], RATE)
    (tmp_path / "short.wav").write_bytes(data)
    (found,) = listen(packages, "floats", tmp_path / "short.wav")
    assert [window["start"] for window in found["windows"]] == starts
    heard = np.zeros(WINDOW)
    heard[: min(samples, WINDOW)] = as_mono(data)[:WINDOW]
    assert by_index(found["windows"][0]["results"]) == pytest.approx(scores(heard), abs=1e-3)


def test_a_bad_sound_is_one_line_and_stops_no_other(packages: Path, tmp_path: Path) -> None:
    """All of them, each behind a good one; and what is no file."""
    arguments: list[str] = []
    for number, (data, _) in enumerate(UNREADABLE.values()):
        bad = tmp_path / f"{number}.wav"
        bad.write_bytes(data)
        arguments += [str(bad), "sound.wav"]
    os.mkfifo(tmp_path / "pipe.wav")
    arguments += [str(tmp_path / "pipe.wav"), str(tmp_path), "nosuch.wav", "/dev/zero", "sound.wav"]
    ran = run(packages, "floats", "listen", *arguments, "--json", "--hop=1600")
    assert ran.returncode == 1
    assert [json.loads(line)["file"] for line in ran.stdout.splitlines()] == ["sound.wav"] * (len(UNREADABLE) + 1)
    lines = told(ran)
    assert len(lines) == len(UNREADABLE) + 4
    for number, (line, (_, why)) in enumerate(zip(lines, UNREADABLE.values(), strict=False)):
        assert line.startswith(f"{tmp_path / str(number)}.wav: "), line
        expected = {"is empty": "is no WAV file", "its header is cut off": "cut off", "channels": "channels do not"}
        assert expected.get(why, why) in line, line
    assert "nosuch.wav: No such file" in lines[-2]


def test_one_that_cannot_be_read_to_its_end(packages: Path, tmp_path: Path) -> None:
    """The windows before it are told to people; JSON has whole answers only."""
    samples = np.append(spoken(10), [np.nan])
    (tmp_path / "nan.wav").write_bytes(written(samples, RATE, "DOUBLE"))
    ran = run(packages, "floats", "listen", tmp_path / "nan.wav", "--hop=1600")
    assert (ran.returncode, len(told(ran))) == (1, 1)
    assert len(ran.stdout.splitlines()) > 50
    ran = run(packages, "floats", "listen", tmp_path / "nan.wav", "--hop=1600", "--json")
    assert (ran.returncode, ran.stdout, len(told(ran))) == (1, "", 1)


def test_hours_take_no_memory(packages: Path, tmp_path: Path) -> None:
    """A recording of 4 hours, half a gigabyte of zeros, which the disk does not hold."""
    path = tmp_path / "long.wav"
    with path.open("wb") as file:
        file.write(wavs.riff(wavs.FMT, b"data" + b"\xff" * 4))
        file.truncate(1 << 29)
    code = rf"""
import re
from floats.sound import load_sound, windows
for count, (start, samples) in enumerate(windows(load_sound({str(path)!r}), 1600)):
    assert samples.size == 1600
assert start == count * 1600 and count > 160_000, count
# What it held at most, in KB.
print(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1])
"""
    ran = run_code(packages, code)
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) < 200 << 10


# --- the generated reader ----------------------------------------


def test_every_form_is_read_as_libsndfile_reads_it(packages: Path, tmp_path: Path) -> None:
    expected = {}
    for subtype in wavs.SUBTYPES:
        for kind in wavs.FORMATS:
            for channels in (1, 2, 3, 7):
                name = f"{subtype}-{kind}-{channels}"
                data = written(noise(1_000, channels), 44_100, subtype, kind)
                (tmp_path / name).write_bytes(data)
                expected[name] = as_mono(data)
    for number, data in enumerate(READABLE.values()):
        (tmp_path / f"sizes-{number}").write_bytes(data)
        expected[f"sizes-{number}"] = np.array([0, 0.5, -0.5, -1], np.float32)
    np.savez(tmp_path / "expected.npz", **expected)
    code = f"""
import numpy as np
from floats.wav import read_wav
expected = np.load({str(tmp_path / "expected.npz")!r})
for name in expected.files:
    rate, blocks = read_wav({str(tmp_path)!r} + "/" + name)
    assert rate == (16000 if name.startswith("sizes") else 44100), name
    np.testing.assert_array_equal(np.concatenate(list(blocks)), expected[name], strict=True, err_msg=name)
print(len(expected.files))
"""
    ran = run_code(packages, code)
    assert (ran.returncode, ran.stdout.strip()) == (0, str(len(expected))), ran.stderr


def test_mutants_are_read_or_refused_as_by_the_packager(packages: Path, tmp_path: Path) -> None:
    """Thousands of damaged files: no traceback, and the very samples that the packager reads."""
    code = f"""
import io, sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
import numpy as np
from floats import wav
from floats.errors import InputError
from packager.tasks.wav import WavError, open_wav
from tests.tasks.wavs import mutants

def read_own(data):
    wav.open_file = lambda _path: io.BytesIO(data)
    rate, blocks = wav.read_wav("mutant")
    return rate, np.concatenate(list(blocks))

def read_packagers(data):
    opened = open_wav(io.BytesIO(data))
    return opened.rate, np.concatenate(list(opened.blocks()))

def outcome(read, data, refused):
    try:
        return read(data)
    except refused:
        return None

counts = [0, 0]
for data in mutants(4000):
    own, packagers = outcome(read_own, data, InputError), outcome(read_packagers, data, WavError)
    counts[own is None] += 1
    assert (own is None) == (packagers is None), data
    if own is not None:
        assert own[0] == packagers[0]
        np.testing.assert_array_equal(own[1], packagers[1], strict=True)
print(*counts)
"""
    ran = run_code(packages, code)
    assert ran.returncode == 0, ran.stderr
    assert min(map(int, ran.stdout.split())) > 100


@pytest.mark.parametrize("kind", MODELS)
def test_input_tensors_are_the_packagers_own(kind: str, packages: Path, tmp_path: Path) -> None:
    """Of floats, beyond -1 and 1 too, of int16, and of fewer than a window has."""
    found = model(kind, tmp_path).input
    assert isinstance(found, AudioInput)
    given = {
        "floats": (noise(WINDOW)[:, 0] * 1.5).astype(np.float32),
        "doubles": noise(WINDOW)[:, 0],
        "short": noise(5)[:, 0],
        "ties": (np.arange(-800, 800) / 2 / 32768).astype(np.float32),
        "pcm": np.linspace(-32768, 32767, WINDOW).astype(np.int16),
        "none": np.zeros(0, np.float32),
    }
    expected = {}
    for name, samples in given.items():
        real = samples / np.float32(32768) if samples.dtype == np.int16 else samples.astype(np.float32)
        expected[f"{name} tensor"] = input_tensor(real, found)
    np.savez(tmp_path / "given.npz", **given, **expected)
    code = f"""
import numpy as np
from {kind}.preprocessing import Preprocessor
arrays = np.load({str(tmp_path / "given.npz")!r})
for name in {list(given)}:
    (tensor,) = Preprocessor().tensors(arrays[name])
    np.testing.assert_array_equal(tensor, arrays[name + " tensor"], strict=True, err_msg=name)
"""
    ran = run_code(packages, code)
    assert ran.returncode == 0, ran.stderr


# --- Python ----------------------------------------


def test_python(packages: Path) -> None:
    code = """
import numpy as np
from floats import FloatsClassifier, Category, InputError, Window
from floats.sound import load_sound
classifier = FloatsClassifier(threads=2, locale="de")
heard = classifier.listen("sound.wav", top_k=1)
assert len(heard) == 19 and isinstance(heard[0], Window) and isinstance(heard[0].results[0], Category)
assert [window.start for window in heard[:3]] == [0, 0.05, 0.1]
samples = np.concatenate(list(load_sound("sound.wav")))
assert classifier.listen(samples, top_k=1) == heard
assert classifier.listen((samples * 32768).astype(np.int16), top_k=1) == heard
assert classifier.listen(samples.astype(np.float64), top_k=1) == heard
assert classifier.classify(samples[:1600], 1) == heard[0].results
assert classifier.classify(samples[:5]) == classifier.listen(samples[:5])[0].results
pieces = [samples[start : start + 999] for start in range(0, samples.size, 999)]
assert [*classifier.follow(pieces, top_k=1)] == heard
assert [*classifier.follow(iter([samples[:0], samples]), hop=1600, top_k=1)] == heard[::2]
assert len(classifier.listen(samples, hop=1)) == 16000 - 1600 + 1
assert classifier.listen(samples[:0])[0].results == classifier.classify(np.zeros(1600, np.float32))
for wrong, kind, what in (
    (lambda: classifier.classify(samples[:1601]), InputError, "1601 samples, and a window has 1600"),
    (lambda: classifier.classify(samples[:, None]), InputError, "give mono samples"),
    (lambda: classifier.listen(np.zeros(9, np.int32)), InputError, "an array of int32"),
    (lambda: classifier.listen(np.full(9, np.inf)), InputError, "no finite numbers"),
    (lambda: classifier.listen(np.full(9, 1e300)), InputError, "no finite numbers"),
    (lambda: classifier.listen(samples, rate=5), InputError, "has 5 samples a second, no rate"),
    (lambda: classifier.listen("nosuch.wav"), InputError, "nosuch.wav: No such file"),
    (lambda: classifier.listen(samples, hop=0), ValueError, "a hop of 0 samples"),
    (lambda: classifier.listen(samples, hop=1601), ValueError, "a hop of 1601 samples"),
    (lambda: classifier.classify(samples[:9], 0), ValueError, "the best 0 classes"),
    (lambda: classifier.listen([0.5]), TypeError, "a path, bytes or an array, not list"),
):
    try:
        wrong()
    except kind as error:
        assert what in str(error), error
    else:
        raise AssertionError(what)
"""
    ran = run_code(packages, code)
    assert ran.returncode == 0, ran.stderr


# --- another rate ----------------------------------------


def test_another_rate_is_resampled(packages: Path, tmp_path: Path) -> None:
    data = written(np.stack([spoken(1, 44_100), np.zeros(44_100)], axis=1), 44_100)
    (tmp_path / "music.wav").write_bytes(data)
    (found,) = listen(packages, "floats", tmp_path / "music.wav")
    samples = soxr.resample(as_mono(data), 44_100, RATE, quality="VHQ")
    assert len(found["windows"]) == 19
    for number, window in enumerate(found["windows"]):
        heard = samples[number * 800 :][:WINDOW]
        assert by_index(window["results"]) == pytest.approx(scores(heard), abs=1e-3)


def test_another_rate_without_soxr_is_refused_by_name(packages: Path, tmp_path: Path) -> None:
    for rate in (8_000, 48_000):
        (tmp_path / f"{rate}.wav").write_bytes(written(spoken(1, rate), rate))
    code = (
        "import runpy, sys; sys.modules['soxr'] = None\n"
        f"sys.argv = ['', 'listen', {str(tmp_path / '8000.wav')!r}, 'sound.wav', {str(tmp_path / '48000.wav')!r}, "
        "'--json']\nrunpy.run_module('floats', run_name='__main__')"
    )
    ran = run_code(packages, code)
    assert ran.returncode == 1
    assert [json.loads(line)["file"] for line in ran.stdout.splitlines()] == ["sound.wav"]
    first, second = told(ran)
    assert first.startswith(f"{tmp_path / '8000.wav'}: has 8000 samples a second, and the model takes 16000")
    assert "pip install soxr" in first
    assert "has 48000 samples a second" in second


@pytest.mark.parametrize("rate", [1, 999, 1_000_001, 2**32 - 1])
def test_rates_of_no_sound(rate: int, packages: Path, tmp_path: Path) -> None:
    data = wavs.riff(wavs.chunk(b"fmt ", wavs.header(rate=rate)), wavs.DATA)
    (tmp_path / "x.wav").write_bytes(data)
    ran = run(packages, "floats", "listen", tmp_path / "x.wav")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert told(ran) == [f"{tmp_path / 'x.wav'}: has {rate} samples a second, no rate of a sound"]


# --- the command line ----------------------------------------


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["listen"], "give FILE.wav…, or --microphone"),
        (["listen", "sound.wav", "--microphone"], "give FILE.wav…, or --microphone"),
        (["listen", "sound.wav", "--hop", "0"], "'0' is no whole number from 1 to 1600"),
        (["listen", "sound.wav", "--hop", "1601"], "'1601' is no whole number"),
        (["listen", "sound.wav", "--top-k", "4"], "'4' is no whole number from 1 to 3"),
        (["listen", "sound.wav", "--threshold", "nan"], "'nan' is no number from 0 to 1"),
        (["classify", "sound.wav"], "invalid choice: 'classify'"),
    ],
)
def test_wrong_commands_are_one_line(arguments: list[str], why: str, packages: Path) -> None:
    ran = run(packages, "floats", *arguments)
    assert (ran.returncode, ran.stdout) == (2, "")
    (line,) = told(ran)
    assert why in line


def test_each_answer_is_written_at_once(packages: Path, tmp_path: Path) -> None:
    """And one who interrupts gets a line."""
    (tmp_path / "long.wav").write_bytes(written(np.tile(spoken(), 600), RATE))
    with started(packages, "floats", "listen", tmp_path / "long.wav", "--hop=10") as process:
        assert process.stdout.readline() == f"{tmp_path / 'long.wav'}\n"
        assert process.stdout.readline().startswith("      0.000 s  ")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=SECONDS)
    assert told(subprocess.CompletedProcess([], 0, "", errors)) == ["interrupted"]
    assert process.returncode == 130


# --- a microphone ----------------------------------------


@pytest.fixture
def portaudio() -> None:
    needs_toolchain("portaudio")
    if ctypes.util.find_library("portaudio") is None:
        missing_toolchain("PortAudio not found; install: apt-get install libportaudio2")


def alsa(folder: Path, device: str) -> dict[str, str]:
    """The environment of a program whose only device is that one of ALSA."""
    settings = folder / "asound.conf"
    settings.write_text(f"pcm.!default {{ {device} }}\n")
    return {**os.environ, "ALSA_CONFIG_PATH": str(settings)}


def hearing(source: Path) -> str:
    """A microphone that hears what is in a file, as fast as it is taken: what it plays to has no clock."""
    return f"type file slave.pcm {{ type null }} file /dev/null format raw infile {json.dumps(str(source))}"


@contextmanager
def told_into(pipe: Path, samples: Array) -> Iterator[None]:
    """A named pipe that holds ``samples`` and two seconds of silence, and then more of it as time goes by."""
    os.mkfifo(pipe)
    # Open for both, so that it stays open: PortAudio opens a device several times before it listens.
    descriptor = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    # All at once, for a device that finds less than it asks for takes what was there before for the rest.
    fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, 1 << 20)
    heard = np.append(samples, np.zeros(2 * RATE)).astype("<f4").tobytes()
    assert os.write(descriptor, heard) == len(heard)
    is_over = threading.Event()

    def write() -> None:
        while not is_over.wait(0.05):
            with suppress(BlockingIOError):
                os.write(descriptor, bytes(4 * RATE // 20))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        is_over.set()
        writer.join()
        os.close(descriptor)


def interrupted(process: Any) -> list[str]:
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 130, errors
    return told(subprocess.CompletedProcess([], 0, "", errors))


@pytest.mark.portaudio
@pytest.mark.parametrize("kind", ["floats", "pcm"])
def test_a_microphone_answers_as_a_file_does(kind: str, packages: Path, tmp_path: Path, portaudio: None) -> None:
    pipe = tmp_path / "pipe"
    (expected,) = listen(packages, kind, "sound.wav", "--hop=1600")
    arguments = ("listen", "--microphone", "--json", "--hop=1600")
    with (
        told_into(pipe, as_mono((packages / "sound.wav").read_bytes())),
        started(packages, kind, *arguments, env=alsa(tmp_path, hearing(pipe))) as process,
    ):
        found = [json.loads(process.stdout.readline()) for _ in expected["windows"]]
        errors = interrupted(process)
    assert found == expected["windows"]
    assert errors == ["interrupted"]


@pytest.mark.portaudio
def test_a_microphone_for_people(packages: Path, tmp_path: Path, portaudio: None) -> None:
    pipe = tmp_path / "pipe"
    file = run(packages, "floats", "listen", "sound.wav", "--locale=de", "--top-k=1").stdout.splitlines()
    arguments = ("listen", "--microphone", "default", "--locale=de", "--top-k=1")
    with (
        told_into(pipe, as_mono((packages / "sound.wav").read_bytes())),
        started(packages, "floats", *arguments, env=alsa(tmp_path, hearing(pipe))) as process,
    ):
        lines = [process.stdout.readline().rstrip("\n") for _ in file[1:]]
        interrupted(process)
    assert lines == [line.removeprefix("  ") for line in file[1:]]


@pytest.mark.portaudio
def test_a_model_that_is_too_slow_says_so_and_goes_on(packages: Path, tmp_path: Path, portaudio: None) -> None:
    """A device that gives hours in a second."""
    (tmp_path / "sound").write_bytes(np.tile(spoken(), 100).astype("<f4").tobytes())
    environment = alsa(tmp_path, hearing(tmp_path / "sound"))
    arguments = ("listen", "--microphone", "--json", "--hop=40")
    with started(packages, "floats", *arguments, env=environment) as process:
        found = [json.loads(process.stdout.readline()) for _ in range(20_000)]
        errors = interrupted(process)
    starts = [round(window["start"] * RATE) for window in found]
    steps = [later - now for now, later in itertools.pairwise(starts)]
    assert min(steps) == 40
    assert max(steps) > 10 * RATE
    assert errors[-1] == "interrupted"
    assert set(errors[:-1]) == {"some was not heard: the model is slower than the windows come"}


def test_what_is_lost_is_left_out_and_what_follows_has_its_own_time(packages: Path) -> None:
    """Blocks as a sound card gives them, one by one; in PortAudio's place stands what keeps the callback."""
    code = """
import sys, threading, types
import numpy as np

class Stream:
    active = True
    def __init__(self, callback, samplerate, blocksize, channels, **_options):
        assert (samplerate, blocksize, channels) == (16000, 1600, 1)
        self.hear = callback
        self.is_open = False
    def start(self):
        self.is_open = True
    def close(self):
        self.is_open = False

sys.modules["sounddevice"] = types.SimpleNamespace(InputStream=Stream, PortAudioError=OSError)
from floats.errors import InputError
from floats.microphone import MOST_BLOCKS, Microphone

def soon(function, argument):
    threading.Timer(0.5, function, [argument]).start()

class Card:
    def __init__(self, hear):
        self.hear, self.count = hear, 0
        self.buffer = np.zeros((1600, 1), np.float32)
    def give(self, blocks, overflow=False):
        for _ in range(blocks):
            # The memory is the sound card's, and is used again.
            self.buffer[:] = self.count
            self.hear(self.buffer, 1600, None, types.SimpleNamespace(input_overflow=overflow))
            self.count += 1

microphone = Microphone("")
assert microphone._stream.is_open
card = Card(microphone._stream.hear)
card.give(3)
blocks = microphone.blocks()
assert [next(blocks)[0] for _ in range(3)] == [0, 1, 2] and microphone.start == 0
# More than can wait: what waits is given up, and the next blocks are those of the present.
card.give(MOST_BLOCKS + 5)
assert [*blocks] == []
later = microphone.blocks()
soon(card.give, 2)
assert next(later)[0] == MOST_BLOCKS + 8 and microphone.start == (MOST_BLOCKS + 8) * 1600
assert next(later)[0] == MOST_BLOCKS + 9
# The sound card lost some by itself.
card.give(1, overflow=True)
assert [*later] == []
last = microphone.blocks()
soon(card.give, 1)
assert next(last)[0] == card.count - 1 and microphone.start == (card.count - 1) * 1600
# It was pulled out.
Stream.active = False
try:
    next(last)
except InputError as error:
    assert str(error) == "the microphone has stopped"
else:
    raise AssertionError
microphone.close()
assert not microphone._stream.is_open
"""
    ran = run_code(packages, code)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.portaudio
@pytest.mark.parametrize(
    ("device", "card"),
    [("", "type hw card 31"), ("0", "type hw card 31"), ("nosuch", "type null"), ("9" * 30, "type null")],
)
def test_no_such_microphone(device: str, card: str, packages: Path, tmp_path: Path, portaudio: None) -> None:
    arguments = [device] if device else []
    ran = run(packages, "floats", "listen", "--microphone", *arguments, env=alsa(tmp_path, card))
    assert (ran.returncode, ran.stdout) == (1, "")
    (line,) = told(ran)
    name = f" '{device}'" if device else ""
    assert line.startswith(f"no microphone{name} that gives 16000 samples a second: ")
    assert line.endswith("(python -m sounddevice shows what there is)")


@pytest.mark.portaudio
def test_a_rate_that_no_microphone_gives(tmp_path: Path, portaudio: None) -> None:
    """Of bats: PortAudio takes rates up to 384,000."""
    (tmp_path / "labels.txt").write_text("quiet\nbegin\nend\n")
    labels = (LabelFile(tmp_path / "labels.txt"),)
    annotation = Annotation(Task.AUDIO_CLASSIFICATION, labels, sample_rate=500_000, hop=50_000)
    write_files(tmp_path, project(attached(loudness(shape=(1, 50_000)), annotation, "bats"), []))
    ran = run(tmp_path, "bats", "listen", "--microphone", env=alsa(tmp_path, "type null"))
    assert (ran.returncode, ran.stdout) == (1, "")
    (line,) = told(ran)
    assert "no microphone that gives 500000 samples a second: Error opening InputStream: Invalid sample rate" in line


MISSING = {
    "sounddevice": ("import sys; sys.modules['sounddevice'] = None", "pip install sounddevice"),
    "PortAudio": ("import ctypes.util; ctypes.util.find_library = lambda _name: None", "apt install libportaudio2"),
}


@pytest.mark.parametrize("what", MISSING)
def test_what_a_microphone_takes_is_named(what: str, packages: Path) -> None:
    prepare, fix = MISSING[what]
    code = (
        f"{prepare}\nimport runpy, sys; sys.argv = ['', 'listen', '--microphone']\n"
        "runpy.run_module('floats', run_name='__main__')"
    )
    ran = run_code(packages, code)
    assert (ran.returncode, ran.stdout) == (1, "")
    (line,) = told(ran)
    assert what in line
    assert fix in line


# --- the self-test ----------------------------------------


@pytest.mark.parametrize("kind", MODELS)
def test_the_self_test_passes(kind: str, packages: Path) -> None:
    ran = run(packages, kind, "selftest")
    assert (ran.returncode, ran.stdout.splitlines()[-1][:14]) == (0, "PASS 8 cases, "), ran.stdout


BROKEN = {
    "other scores": (
        "answer.read_categories = changed(answer.read_categories, lambda all: "
        "[item._replace(score=item.score + 0.1) for item in all])"
    ),
    "swapped labels": "labels.read_labels = changed(labels.read_labels, lambda names: names[::-1])",
    "outputs of zeros": "runtime.Runner.run_raw = changed(runtime.Runner.run_raw, lambda all: [a * 0 for a in all])",
    "another scale of samples": "wav._decode = changed(wav._decode, lambda samples: samples * np.float32(1.001))",
    "samples of another window": "wav._decode = changed(wav._decode, lambda samples: np.roll(samples, 1))",
    "half a window": "sound.to_samples = changed(sound.to_samples, lambda samples: samples[:800])",
}


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("kind", MODELS)
def test_the_self_test_fails_where_something_is_broken(kind: str, what: str, packages: Path) -> None:
    code = f"""
import numpy as np
from {kind} import answer, labels, runtime, sound, wav
def changed(function, change):
    return lambda *arguments: change(function(*arguments))
{BROKEN[what]}
from {kind}.selftest import self_test
print("passed" if self_test() else "failed")
"""
    ran = run_code(packages, code)
    assert (ran.returncode, ran.stdout.splitlines()[-1]) == (0, "failed"), ran.stdout + ran.stderr


def flipped(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 0x40
    path.write_bytes(data)


def other_answer(path: Path) -> None:
    document = json.loads(path.read_text())
    document["cases"][2]["answers"][0]["index"] ^= 1
    path.write_text(json.dumps(document))


def other_start(path: Path) -> None:
    path.write_text(path.read_text().replace('"start": 800,', '"start": 801,'))


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:2_000])


def no_sound(path: Path) -> None:
    path.write_bytes(b"no sound")


SPOILT: dict[str, tuple[str, Callable[[Path], None]]] = {
    "a sample": ("sound.wav", lambda path: flipped(path, 2_001)),
    "the rate of the sound": ("sound.wav", lambda path: flipped(path, 25)),
    "the sound is cut off": ("sound.wav", cut_off),
    "the sound is none": ("sound.wav", no_sound),
    "no sound": ("sound.wav", lambda path: path.unlink()),
    "an input tensor": ("sound_1.input0.bin", lambda path: flipped(path, 1_001)),
    "an output": ("sound_1.output0.bin", lambda path: flipped(path, 3)),
    "an answer": ("cases.json", other_answer),
    "the start of a window": ("cases.json", other_start),
}


@pytest.mark.parametrize("kind", ["floats", "pcm"])
@pytest.mark.parametrize("what", SPOILT)
def test_the_self_test_fails_on_a_spoilt_golden_case(what: str, kind: str, packages: Path, tmp_path: Path) -> None:
    files = {
        path.relative_to(packages).as_posix(): path.read_bytes()
        for path in (packages / kind).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    write_files(tmp_path, files)
    name, spoil = SPOILT[what]
    spoil(tmp_path / kind / "golden" / name)
    ran = run(tmp_path, kind, "selftest")
    assert ran.returncode == 1
    assert "PASS 8 cases" not in ran.stdout
    assert ran.stdout.splitlines()[-1:] == [] or "FAIL" in ran.stdout.splitlines()[-1] or told(ran)


# --- the code ----------------------------------------


def test_code_is_as_ruff_has_it_and_holds_nothing_unused(packages: Path, tmp_path: Path) -> None:
    code = tmp_path / "code"
    for kind in MODELS:
        files = project(model(kind, tmp_path), [], "A long name of a dozen words")
        assert unused_names(files) == set(), kind
        write_files(code / kind, files)
    check_code(code)
