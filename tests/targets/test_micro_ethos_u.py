"""Models that Vela compiled for an Arm Ethos-U: recognised, packaged where there may be one, refused elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from packager.errors import ConfigError, PackagerError, TargetError
from packager.inspection import inspect_model, runs
from packager.pipeline import package
from packager.replay import verify
from packager.targets.micro import Accelerator, Options, Platform
from tests.conftest import PROJECT, missing_toolchain, needs_micro, needs_toolchain

pytestmark = [pytest.mark.slow, pytest.mark.vela]

ETHOS_U = Options(platform=Platform.CMAKE, accelerator=Accelerator.ETHOS_U)


@pytest.fixture
def compiled(examples: Path, tmp_path: Path) -> Path:
    """The digits as Vela leaves them by default: in a folder below the model's."""
    needs_toolchain("vela")
    vela = Path(os.environ.get("PACKAGER_VELA", PROJECT / ".venv-vela/bin/vela"))
    if not vela.is_file():
        missing_toolchain(f"no Vela at {vela}; install: tests/make_vela.sh")
    shutil.copy(examples / "digits/digits.tflite", tmp_path / "digits.tflite")
    command = [str(vela), "digits.tflite", "--output-dir", "output", "--accelerator-config", "ethos-u55-128"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    return tmp_path / "output/digits_vela.tflite"


def test_inspect_recognises_it(compiled: Path) -> None:
    report = inspect_model(compiled, layers=True)
    for target, problems in report.targets.items():
        (problem,) = (one for one in problems if "ethos-u" in one.what)
        assert problem.what.startswith("it is compiled for an Arm Ethos-U (operator ethos-u)")
        assert "package the .tflite that was given to vela." in problem.fix.replace("Package", "package")
        assert runs(problems) is (target == "micro")
    assert report.work is not None
    assert report.work.unknown == ("ethos-u",)


@needs_micro
@pytest.mark.parametrize("platform", [Platform.CMAKE, Platform.ZEPHYR])
def test_its_operator_is_registered_and_the_original_computes_the_golden_cases(
    compiled: Path, platform: Platform, tmp_path: Path
) -> None:
    options = Options(platform=platform, accelerator=Accelerator.ETHOS_U)
    report = package("micro", compiled, tmp_path / "out", options)
    package("micro", tmp_path / "digits.tflite", tmp_path / "plain", Options(platform=platform, name="digits_vela"))
    source = (tmp_path / "out/src/digits_vela.cpp").read_text()
    assert "MicroMutableOpResolver<1>" in source
    assert "resolver->AddEthosU()" in source
    assert (tmp_path / "out/src/model.tflite").read_bytes() == compiled.read_bytes()
    golden = "src/golden_data.cpp"
    assert (tmp_path / "out" / golden).read_bytes() == (tmp_path / "plain" / golden).read_bytes()
    assert report.annotated.model.path == compiled
    # No path of this computer.
    assert "--accelerator ethos-u" in (tmp_path / "out/src/model_data.h").read_text()
    for path in (tmp_path / "out").rglob("*"):
        assert path.is_dir() or str(tmp_path).encode() not in path.read_bytes()
    configured = (tmp_path / "out/prj.conf").read_text() if platform is Platform.ZEPHYR else "CONFIG_ETHOS_U=y"
    assert "CONFIG_ETHOS_U=y" in configured
    with pytest.raises(ConfigError, match="which nothing here runs"):
        verify(tmp_path / "out")


@pytest.mark.parametrize(
    ("options", "error", "what", "fix"),
    [
        (
            Options(),
            TargetError,
            "it is compiled for an Arm Ethos-U",
            "Give Options(accelerator=Accelerator.ETHOS_U)",
        ),
        (
            Options(accelerator=Accelerator.ETHOS_U),
            ConfigError,
            "for which Arduino_TensorFlowLite has no operator",
            "Set Options.platform to one of cmake, zephyr; or package the .tflite that was given to vela.",
        ),
        (
            Options(accelerator=Accelerator.ETHOS_U, platform=Platform.ESP_IDF),
            ConfigError,
            "for which esp-tflite-micro has no operator",
            "Set Options.platform to one of cmake, zephyr",
        ),
        (
            Options(accelerator=Accelerator.ETHOS_U, platform=Platform.CMAKE, board="nrf52840-dk"),
            ConfigError,
            "is ethos-u, which the Nordic nRF52840 DK has not",
            "Leave Options.board out",
        ),
    ],
)
def test_elsewhere_the_error_names_it_and_the_remedy(
    compiled: Path, tmp_path: Path, options: Options, error: type[PackagerError], what: str, fix: str
) -> None:
    with pytest.raises(error) as caught:
        package("micro", compiled, tmp_path / "out", options)
    assert "ethos-u" in str(caught.value)
    assert what in str(caught.value)
    assert fix in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_another_model_has_no_use_for_it(compiled: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the model holds no operator ethos-u"):
        package("micro", compiled.parent.parent / "digits.tflite", tmp_path / "out", ETHOS_U)


def test_the_original_must_be_there_and_have_the_same_inputs(compiled: Path, examples: Path, tmp_path: Path) -> None:
    (compiled.parent.parent / "digits.tflite").rename(tmp_path / "elsewhere.tflite")
    with pytest.raises(ConfigError, match=r"computed by the \.tflite that was given to vela, and that is not given"):
        package("micro", compiled, tmp_path / "out", ETHOS_U)
    other = Options(
        platform=Platform.CMAKE, accelerator=Accelerator.ETHOS_U, uncompiled=examples / "sine/sine.tflite"
    )
    with pytest.raises(ConfigError, match="others than the compiled model's"):
        package("micro", compiled, tmp_path / "out", other)
    given = Options(
        platform=Platform.CMAKE, accelerator=Accelerator.ETHOS_U, uncompiled=tmp_path / "elsewhere.tflite"
    )
    package("micro", compiled, tmp_path / "out", given)
    assert "--uncompiled elsewhere.tflite" in (tmp_path / "out/src/model_data.h").read_text()
