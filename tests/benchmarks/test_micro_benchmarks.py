"""What the microcontroller target costs: the C array in time and memory, its compilation, and the flash it takes.

Each figure is a ratio against a named rival in the same run, the smallest of several runs of each side in turn.
"""

from __future__ import annotations

import subprocess
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from packager.golden import read_samples
from packager.metadata.embedding import strip
from packager.targets.micro.c_array import model_assembler, model_source, read_c_array
from packager.tasks import CropMode, Resize, Task
from packager.tasks.image import ImageInput
from tests.cells.models import example
from tests.conftest import require_tools, write_files
from tests.targets.micro import harness
from tests.targets.micro.projects import emulated_files, goldens_of, named, project_files

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("not config.getoption('--benchmark-enable')", reason="benchmarks: make benchmark"),
]
Report = Callable[[str, float, float], float]


@pytest.fixture
def report(record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]) -> Report:
    def tell(name: str, ours: float, rival: float) -> float:
        record_property(name, rival / ours)
        with capsys.disabled():
            print(f"\n{name}: {ours:.4g} against {rival:.4g}, {rival / ours:.2f} times less")
        return rival / ours

    return tell


@pytest.fixture
def model(models: Path) -> bytes:
    return (models / "mobilenet_v2_1.0_224_quant.tflite").read_bytes()


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def by_format_calls(data: bytes) -> str:
    """As the generator of TensorFlow Lite Micro formats an array: a format call a byte."""
    return "alignas(16) const unsigned char g_model[] = {" + ",".join(f"0x{byte:02x}" for byte in data) + "};\n"


@pytest.mark.cpp
def test_the_array_is_written_faster_than_by_xxd(model: bytes, tmp_path: Path, report: Report) -> None:
    require_tools("xxd", install="apt-get install xxd")
    source, theirs, ours = tmp_path / "model.tflite", tmp_path / "xxd.h", tmp_path / "model_data.cpp"
    source.write_bytes(model)
    rounds = [
        (
            seconds(lambda: ours.write_bytes(model_source("model", model))),
            seconds(lambda: subprocess.run(["xxd", "-i", source, theirs], check=True)),
        )
        for _ in range(5)
    ]
    assert read_c_array(ours.read_bytes()) == model == read_c_array(theirs.read_bytes())
    assert report("C array of 3.6 MB, s, against xxd -i", *(min(side) for side in zip(*rounds, strict=True))) >= 3


def test_the_array_is_written_faster_than_by_format_calls(model: bytes, report: Report) -> None:
    rounds = [
        (seconds(lambda: model_source("model", model)), seconds(lambda: by_format_calls(model))) for _ in range(3)
    ]
    assert (
        report(
            "C array of 3.6 MB, s, against a format call a byte", *(min(side) for side in zip(*rounds, strict=True))
        )
        >= 8
    )


def test_memory_for_the_array(model: bytes, report: Report) -> None:
    def peak(work: Callable[[], object]) -> float:
        tracemalloc.start()
        work()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak / len(model)

    ours = peak(lambda: model_source("model", model))
    report("memory for the C array, model sizes", ours, peak(lambda: by_format_calls(model)))
    assert ours < 7


@pytest.mark.arm
def test_the_assembler_takes_the_model_faster_than_the_compiler(model: bytes, tmp_path: Path, report: Report) -> None:
    require_tools("arm-none-eabi-g++", install=f"apt-get install {harness.INSTALL}")
    data = strip(model)
    write_files(
        tmp_path,
        {
            "model_data.h": b"extern const unsigned char m_model_data[];\nextern const unsigned int m_model_size;\n",
            "model_data.cpp": model_source("m", data),
            "model_data.S": model_assembler("m", data),
            "model.tflite": data,
        },
    )
    times = [
        seconds(
            lambda source=source: harness.run_tool(  # type: ignore[misc]
                ["arm-none-eabi-g++", *harness.CPU, f"-I{tmp_path}", "-c", str(tmp_path / source), "-o", "/dev/null"]
            )
        )
        for source in ("model_data.S", "model_data.cpp")
    ]
    assert report("model of 3.6 MB in, s: .incbin against the array", *times) > 10


@pytest.mark.arm
def test_flash_of_the_operators(models: Path, examples: Path, tmp_path: Path, report: Report) -> None:
    """hello_world on the emulated Cortex-M3, with its one operator and with all that the harness offers."""
    annotated, goldens = named("hello_world_int8", models, examples)
    write_files(tmp_path, emulated_files(annotated, goldens))
    ours = harness.compile_sketch(tmp_path, tmp_path / "ours.elf", defines=("-DSELF_TEST=1",))
    source = tmp_path / "hello_world_int8/hello_world_int8.cpp"
    shim = (harness.HERE / "shim2020/tensorflow/lite/micro/micro_mutable_op_resolver.h").read_text()
    methods = [line.split("(")[1].split(",")[0] for line in shim.splitlines() if line.startswith("  SHIM_ADD(")]
    lines = "".join(f"  if (!is_ok(resolver->{method}())) return false;\n" for method in methods)
    text = source.read_text().replace("MicroMutableOpResolver<1>", f"MicroMutableOpResolver<{len(methods)}>")
    source.write_text(text.replace("  if (!is_ok(resolver->AddFullyConnected())) return false;\n", lines))
    everything = harness.compile_sketch(tmp_path, tmp_path / "all.elf", defines=("-DSELF_TEST=1",))
    for program in (ours, everything):
        assert harness.run(program).lines[-1] == "PASS"
    name = f"flash of hello_world, bytes: its operator against all {len(methods)}"
    assert report(name, harness.flash_bytes(ours), harness.flash_bytes(everything)) > 1.3


@pytest.mark.cpp
def test_a_frame_is_resized_faster_than_by_averaging(tmp_path: Path, report: Report) -> None:
    """QVGA in RGB565 to 96x96 in color: ``bilinear``, against the box averages that sketches had before."""
    require_tools("g++", install="apt-get install g++")
    annotated = example("shapes", Task.OBJECT_DETECTION).annotated()
    image = annotated.input
    assert isinstance(image, ImageInput)
    assert (image.width, image.height, image.resize) == (96, 96, Resize.BILINEAR)
    stretched = replace(annotated, input=replace(image, crop=CropMode.STRETCH))
    goldens = goldens_of(annotated, read_samples(annotated, ()))
    folder = write_files(tmp_path, project_files(stretched, goldens)) / "shapes"
    here = Path(__file__).parent
    sources = [here / "resize.cpp", here / "box_average.cpp", folder / "input.cpp", folder / "placement.cpp"]
    program = tmp_path / "resize"
    harness.run_tool(["g++", "-std=c++14", "-O2", f"-I{folder}", f"-I{here}", *map(str, sources), "-o", str(program)])
    ours, rival, _ = map(int, harness.run_tool([str(program)]).split())
    assert report("QVGA to 96x96, ns, bilinear against box averages", ours, rival) > 1.3
