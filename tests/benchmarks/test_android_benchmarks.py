"""How fast an Android module makes its input, on a desktop's JVM, against named rivals in the same run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from packager.tasks import Resize
from tests.benchmarks.workers import Worker, medians
from tests.targets.android import harness
from tests.targets.android.pictures import frame_worker

pytestmark = [
    pytest.mark.slow,
    pytest.mark.kotlin,
    pytest.mark.skipif("not config.getoption('--benchmark-enable')", reason="benchmarks: make benchmark"),
]
PILLOW = """
import sys, time
from PIL import Image
# As in FrameDriver.kt.
time.perf_counter = time.thread_time
picture = Image.frombytes("RGB", (1080, 1920), open(sys.argv[1], "rb").read())
works = {"pillow": lambda: picture.resize((224, 224), Image.Resampling.BILINEAR)}
"""
Report = Callable[[str, float, float], float]


@pytest.fixture
def report(record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]) -> Report:
    def tell(name: str, ours: float, rival: float) -> float:
        record_property(name, ours / rival)
        with capsys.disabled():
            print(f"\n{name}: {ours:.3f} ms against {rival:.3f} ms, ratio {ours / rival:.3f}")
        return ours / rival

    return tell


@pytest.fixture(scope="module")
def workers(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Worker, Worker]]:
    """The JVM, and Pillow, with the same picture of 1080x1920 pixels."""
    work = tmp_path_factory.mktemp("android-benchmark")
    pixels = np.random.default_rng(0).integers(0, 256, (1920, 1080, 3), dtype=np.uint8)
    (work / "pixels.rgb").write_bytes(pixels.tobytes())
    with (
        frame_worker(harness.toolchain(), examples, work, pixels) as jvm,
        Worker.python(sys.executable, PILLOW, work / "pixels.rgb") as pillow,
    ):
        yield jvm, pillow


# To uint8 it does nothing but scale, natively, and reads only the pixels that it needs, where getPixels gives whole
# rows: up to 1.7 times were measured once both are warm. So that is told, and bounded, and no promise.
@pytest.mark.parametrize(("dtype", "most"), [("float32", 1), ("uint8", 2.5)])
def test_bilinear_keeps_up_with_tensorflow_lite_support(
    workers: tuple[Worker, Worker], report: Report, dtype: str, most: float
) -> None:
    jvm, _ = workers
    times = medians([(jvm, f"bilinear_{dtype}"), (jvm, f"support_{dtype}")], turns=300, warm_up=300)
    name = f"input 224x224 of a bitmap of 1080x1920, bilinear {dtype} / TensorFlow Lite Support's ImageProcessor"
    assert report(name, times[f"bilinear_{dtype}"], times[f"support_{dtype}"]) <= most


def test_antialias_costs_what_pillow_costs(workers: tuple[Worker, Worker], report: Report) -> None:
    jvm, pillow = workers
    times = medians([(jvm, "antialias_bitmap_0"), (pillow, "pillow")], turns=150, warm_up=150)
    name = "input 224x224 of a bitmap of 1080x1920, antialias / Pillow's resize(BILINEAR)"
    assert report(name, times["antialias_bitmap_0"], times["pillow"]) <= 1.5


def test_frames_of_cameras_cost_what_pillow_costs(workers: tuple[Worker, Worker], report: Report) -> None:
    """Turned, as most cameras' frames are; no promise, but for the order of magnitude."""
    jvm, pillow = workers
    names = [f"{resize}_{kind}" for resize in Resize for kind in ("bitmap_90", "yuv_0", "yuv_90")]
    times = medians([*((jvm, name) for name in names), (pillow, "pillow")], turns=100, warm_up=150)
    for name in names:
        title = (
            f"input 224x224 of 1920x1080 or 1080x1920, {name.replace('_', ' ')} degrees / Pillow's resize(BILINEAR)"
        )
        assert report(title, times[name], times["pillow"]) <= 3
