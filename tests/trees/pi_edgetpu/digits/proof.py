"""The Edge TPU proves itself before the model is used on it."""

from __future__ import annotations

from .edge_tpu import DEVICES, EdgeTpuError
from .finding import Finding
from .runtime import Runner
from .selftest import find_problems, read_golden
from .survival import check_survival

# The cases that it must answer: more of them would take longer to start.
CASES = [
    "five",
    "nine",
    "seven",
    "three",
    "zero",
]


def open_runner(threads: int, device: str) -> tuple[Runner, Finding | None]:
    """The model on ``device``; on the CPU, with the reason, where that fails.

    It fails too where it does not answer as the golden cases say: accelerators
    miscompute in silence.

    Raises:
        InstallationError: the model or LiteRT is missing or damaged.
        ValueError: there is no such device, or nobody has that many threads.
    """
    if device not in DEVICES:
        raise ValueError(f"no device {device!r}: there are {', '.join(DEVICES)}")
    if device == "cpu":
        return Runner(threads), None
    try:
        check_survival(device)
        runner = Runner(threads, device)
        problems = _problems(runner)
    except EdgeTpuError as error:
        return Runner(threads), error.finding
    if not problems:
        return runner, None
    reason = Finding(
        "wrong-answers",
        f"the Edge TPU does not answer as the golden cases say: {problems[0]}",
        "see python -m digits selftest --device edgetpu; is "
        "model_edgetpu.tflite compiled from the model of this package?",
    )
    return Runner(threads), reason


def _problems(runner: Runner) -> list[str]:
    golden = read_golden()
    return [
        f"{case['name']}: {problem}"
        for case in golden["cases"]
        if case["name"] in CASES
        for problem in find_problems(runner, golden, case)[0]
    ]
