"""How fast an iOS package makes its input, compiled as apps for the store are, against Pillow in the same run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from packager.tasks import Resize
from tests.benchmarks.workers import Worker, medians
from tests.targets.ios.harness import swift_root
from tests.targets.ios.pictures import frame_worker

pytestmark = [
    pytest.mark.slow,
    pytest.mark.swift,
    pytest.mark.skipif("not config.getoption('--benchmark-enable')", reason="benchmarks: make benchmark"),
]
PILLOW = """
import sys, time
from PIL import Image
# As in main.swift of the program Pictures.
time.perf_counter = time.thread_time
picture = Image.frombytes("RGB", (1080, 1920), open(sys.argv[1], "rb").read())
works = {"pillow": lambda: picture.resize((224, 224), Image.Resampling.BILINEAR)}
"""
# Upright, and as a phone's back camera has it.
ORIENTATIONS = {1: "upright", 6: "turned by 90 degrees"}


@pytest.fixture(scope="module")
def workers(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Worker, Worker]]:
    """The program Pictures, and Pillow, with the same picture of 1080x1920 pixels."""
    picture = tmp_path_factory.mktemp("ios-benchmark") / "pixels.rgb"
    pixels = np.random.default_rng(0).integers(0, 256, (1920, 1080, 3), dtype=np.uint8)
    picture.write_bytes(pixels.tobytes())
    with (
        swift_root() as swift,
        frame_worker(swift, examples, pixels) as package,
        Worker.python(sys.executable, PILLOW, picture) as pillow,
    ):
        yield package, pillow


@pytest.mark.parametrize("kind", ["rgb", "bgra", "full", "video"])
@pytest.mark.parametrize(("resize", "most"), [(Resize.ANTIALIAS, 1.5), (Resize.BILINEAR, 0.25)])
def test_inputs_cost_little_beside_pillows_resize(
    workers: tuple[Worker, Worker],
    record_property: Callable[[str, object], None],
    capsys: pytest.CaptureFixture[str],
    resize: Resize,
    most: float,
    kind: str,
) -> None:
    package, pillow = workers
    works = {f"{resize}_{kind}_{number}": told for number, told in ORIENTATIONS.items()}
    times = medians([*((package, work) for work in works), (pillow, "pillow")], turns=60, warm_up=20)
    for work, told in works.items():
        ratio = times[work] / times["pillow"]
        name = f"input 224x224 of 1080x1920 {kind}, {told}, {resize} / Pillow's resize(BILINEAR)"
        record_property(name, ratio)
        with capsys.disabled():
            print(f"\n{name}: {times[work]:.3f} ms against {times['pillow']:.3f} ms, ratio {ratio:.3f}")
        assert ratio <= most, name
