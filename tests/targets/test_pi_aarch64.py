"""The Raspberry Pi package on emulated ARM processors, with the wheels that pip installs there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import write_files
from tests.example_models import digits, golden_pictures
from tests.targets.pi.emulated import Machine, Pi, find_pi
from tests.targets.test_pi import project
from tests.targets.test_pi_models import OTHER_CASES

pytestmark = pytest.mark.pi_root


@pytest.fixture(scope="module")
def pi() -> Pi:
    return find_pi()


@pytest.mark.parametrize(
    ("machine", "says", "runtime"),
    [("aarch64", "aarch64", "ai_edge_litert"), ("armhf", "armv7l", "tflite_runtime")],
)
def test_it_runs_on_that_machine_with_that_runtime_and_no_other(
    examples: Path, tmp_path: Path, pi: Pi, machine: Machine, says: str, runtime: str
) -> None:
    write_files(tmp_path, project(digits(examples), golden_pictures(examples)))
    code = (
        "import platform, sys, digits; digits.DigitsClassifier()\n"
        "print(platform.machine(), *sys.modules.keys() & {'ai_edge_litert', 'tflite_runtime'})"
    )
    ran = pi.python("-c", code, machine=machine, folder=tmp_path)
    assert ran.stdout.split() == [says, runtime], ran.stderr


def test_a_32_bit_python_without_a_wheel_is_told_which_have_one(examples: Path, tmp_path: Path, pi: Pi) -> None:
    write_files(tmp_path, project(digits(examples), golden_pictures(examples)[:1]))
    # As on a Python for which tflite-runtime has no wheel.
    code = (
        "import runpy, sys, numpy, PIL.Image; sys.version_info = (3, 13, 0)\n"
        "sys.modules['tflite_runtime'] = None; runpy.run_module('digits', run_name='__main__')"
    )
    ran = pi.python("-c", code, "selftest", machine="armhf", folder=tmp_path)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert len(ran.stderr.splitlines()) == 1, ran.stderr
    assert "armv7l" in ran.stderr
    assert "Python 3.7 to 3.11" in ran.stderr


@pytest.mark.parametrize("kind", OTHER_CASES)
def test_sounds_and_texts_have_the_answers_of_others(kind: str, models: Path, tmp_path: Path, pi: Pi) -> None:
    arguments, check = OTHER_CASES[kind](models, tmp_path)
    ran = pi.python("-m", "net", *arguments, folder=tmp_path)
    assert ran.returncode == 0, ran.stderr
    check(ran.stdout)
