"""An iOS package under the Thread Sanitizer: eight tasks on one instance."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import write_files
from tests.example_models import digits, golden_pictures
from tests.targets.ios.harness import complaints, results, swift_root
from tests.targets.test_ios import package

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.swift]


def test_eight_tasks_on_one_instance(examples: Path) -> None:
    """Right answers for 20 seconds, and no race."""
    made = package("Digits", digits(examples), golden_pictures(examples))
    made = replace(made, checks=("ThreadsChecks.swift", "PictureCases.swift"))
    with swift_root() as root:
        root.add(made.module, made.type_name, made.files, made.checks)
        write_files(root.work / "expected" / made.module, made.expected)
        root.write_manifest([made.module])
        # The sanitizer does not take the addresses that the kernel chooses at random.
        ran = root.run("setarch", "--addr-no-randomize", "swift", "test", "--sanitize=thread", at="Checks")
    output = ran.stdout + ran.stderr
    assert results(output).get("DigitsThreadsChecks.testEightTasksOnOneInstance") == "passed", complaints(output)
    assert "ThreadSanitizer" not in output, complaints(output)
