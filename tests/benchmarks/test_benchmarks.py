"""The speeds that users feel, each as a ratio against a named rival in the same run: `make benchmark`.

CPU time of whole processes, the smallest of several runs of each side in turn, so that a busy machine slows both.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

PACKAGER = str(Path(sys.executable).parent / "packager")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("not config.getoption('--benchmark-enable')", reason="benchmarks: make benchmark"),
]


def cpu_seconds(command: Sequence[str | Path]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.fixture
def compare(
    record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]
) -> Callable[..., float]:
    def ratio(name: str, ours: Sequence[str | Path], rival: Sequence[str | Path], rounds: int = 5) -> float:
        times = [(cpu_seconds(ours), cpu_seconds(rival)) for _ in range(rounds)]
        mine, other = min(mine for mine, _ in times), min(other for _, other in times)
        record_property(name, mine / other)
        with capsys.disabled():
            print(f"\n{name}: {mine * 1000:.0f} ms against {other * 1000:.0f} ms CPU, ratio {mine / other:.3f}")
        return mine / other

    return ratio


def test_help(compare: Callable[..., float]) -> None:
    assert compare("--help / import typer", [PACKAGER, "--help"], [sys.executable, "-c", "import typer"], 15) < 1.5


def test_inspect(models: Path, compare: Callable[..., float]) -> None:
    model = models / "mobilenet_v2_1.0_224_quant.tflite"
    rival = [sys.executable, "-c", "import typer, numpy, rich.console"]
    assert compare("inspect / import typer, numpy, rich.console", [PACKAGER, "inspect", model], rival, 9) < 2


# As `packager` where there is no tflite-support.
PORTABLE = """
from packager.__main__ import main
from packager.metadata import writers
writers.FORCED = writers.PortableWriter()
main()
"""


@pytest.mark.parametrize("program", [[PACKAGER], [sys.executable, "-c", PORTABLE]], ids=["as installed", "portable"])
def test_attach_and_inspect(
    models: Path, tmp_path: Path, compare: Callable[..., float], program: list[str | Path]
) -> None:
    model, out = models / "mobilenet_v2_1.0_224_quant.tflite", tmp_path / "out.tflite"
    ours = [*program, "metadata", "attach", model, "--task", "tensors", "-o", out]
    assert compare("metadata attach / inspect", ours, [PACKAGER, "inspect", model], 9) < 2


# tflite_support's own package needs its Task Library; this is what it would import.
RIVAL = """
import ctypes, sys, libusb_package
ctypes.CDLL(str(libusb_package.get_library_path()), mode=ctypes.RTLD_GLOBAL)
from tensorflow_lite_support.metadata.python.metadata_writers import image_classifier, writer_utils
model, labels, out = sys.argv[1:]
writer = image_classifier.MetadataWriter.create_for_inference(
    writer_utils.load_file(model), [127.5], [127.5], [labels]
)
writer_utils.save_file(writer.populate(), out)
"""


def test_attach(models: Path, tmp_path: Path, compare: Callable[..., float]) -> None:
    """The rival runs in an environment with TensorFlow: set PACKAGER_TENSORFLOW_PYTHON to its python."""
    python = os.environ.get("PACKAGER_TENSORFLOW_PYTHON")
    if python is None:
        pytest.skip("set PACKAGER_TENSORFLOW_PYTHON to a python that has the extra `convert`")
    model, labels = models / "mobilenet_v2_1.0_224_quant.tflite", tmp_path / "names.txt"
    # Under a name of its own: the rival refuses a file that the model holds already.
    labels.write_bytes((models / "imagenet_labels.txt").read_bytes())
    ours = [
        PACKAGER, "metadata", "attach", model, "--task", "image-classification", "--labels", labels,
        "--mean", "127.5", "--std", "127.5", "-o", tmp_path / "ours.tflite",
    ]  # fmt: skip
    rival = [python, "-c", RIVAL, model, labels, tmp_path / "rival.tflite"]
    assert compare("metadata attach / tflite-support's writer", ours, rival, 3) < 0.1


def test_build(examples: Path, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def build(folder: Path, out: str) -> float:
        return min(cpu_seconds([PACKAGER, "build", folder, "-o", tmp_path / out / str(n)]) for n in range(3))

    digits = build(examples / "digits", "digits")
    # The same work on models of 0.5 and 3.6 MB: at most linear in size.
    times = {}
    for name in ("mobilenet_v1_0.25_128_quant", "mobilenet_v2_1.0_224_quant"):
        folder = tmp_path / name
        folder.mkdir()
        model = models / f"{name}.tflite"
        (folder / "packager.toml").write_text(f'model = "{model}"\ntargets = ["android", "ios", "pi"]\n')
        times[model.stat().st_size] = build(folder, name + "-out")
    (small, small_time), (large, large_time) = sorted(times.items())
    with capsys.disabled():
        print(f"\nbuild digits: {digits:.2f} s CPU")
        print(f"build of {small} bytes {small_time:.2f} s, of {large} bytes {large_time:.2f} s CPU")
    assert digits < 4
    assert large_time / small_time < large / small
