"""How fast models are compared, as a ratio against the loop that a person writes: `make benchmark`."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from packager.comparison.pool import cores
from tests.comparison.samples import save_networks, save_pictures

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("not config.getoption('--benchmark-enable')", reason="benchmarks: make benchmark"),
]

PACKAGER = Path(sys.executable).with_name("packager")
# Reads a picture, preprocesses it, sets the tensor, invokes: for each model.
PLAIN_LOOP = """
import sys
from pathlib import Path
import numpy as np
from PIL import Image
from ai_edge_litert.interpreter import Interpreter

folder, *models = map(Path, sys.argv[1:])
labels = models[0].with_name("labels.txt").read_text().split()
for model in models:
    interpreter = Interpreter(model_path=str(model), num_threads=1)
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    _, height, width, _ = source["shape"]
    scale, zero_point = source["quantization"]
    right = count = 0
    for index, label in enumerate(labels):
        for path in sorted((folder / label).iterdir()):
            picture = Image.open(path).convert("RGB").resize((width, height), Image.Resampling.BILINEAR)
            values = np.asarray(picture, np.float32)[None]
            if source["dtype"] != np.float32:
                values = np.clip(np.round(values / scale + zero_point), -128, 127).astype(source["dtype"])
            interpreter.set_tensor(source["index"], values)
            interpreter.invoke()
            right += interpreter.get_tensor(target["index"])[0].argmax() == index
            count += 1
    print(model.name, right / count)
"""


def seconds(command: Sequence[str | Path]) -> float:
    began = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - began


@pytest.mark.skipif(cores() < 2, reason="two cores share the work")
def test_compare(
    models: Path,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """All of it, the latency and the arenas included, on 5,000 pictures of ImageNet's usual size, with two cores."""
    save_pictures(tmp_path / "data", 5000, (500, 375), "jpg")
    networks = save_networks(tmp_path, models)
    ours: list[str | Path] = [PACKAGER, "compare", *networks, "--data", tmp_path / "data"]
    rival: list[str | Path] = [sys.executable, "-c", PLAIN_LOOP, tmp_path / "data", *networks]
    times = [(seconds(ours), seconds(rival)) for _ in range(3)]
    mine, other = min(mine for mine, _ in times), min(other for _, other in times)
    record_property("compare", other / mine)
    with capsys.disabled():
        print(f"\na plain loop / compare: {other:.1f} s against {mine:.1f} s, ratio {other / mine:.2f}")
    assert other / mine > 1.6
