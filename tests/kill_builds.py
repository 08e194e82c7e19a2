"""Kills whole builds at random moments and looks at what they leave: ``python -m tests.kill_builds --count 200``.

Each round builds examples/digits over an older build in which a person edited a file, and kills it by SIGKILL,
SIGTERM or SIGINT, in turn, at a moment that a seed chooses between its start and its end, golden cases included. Then
no process of it may be alive, its folder holds the old tree or the new one with the edit in it, and after SIGTERM and
SIGINT no temporary folder is left, and one line was said.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from functools import partial
from pathlib import Path

from tests.conftest import PROJECT
from tests.processes import alive, wait_for

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
WORDS = {signal.SIGTERM: "error: terminated\n", signal.SIGINT: "error: interrupted\n"}
EDITED = "pi/README.md"
EDIT = b"mine\n"


def read_tree(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def build(config: Path, out: Path, **environment: str) -> subprocess.Popen[str]:
    command: list[str | Path] = [Path(sys.executable).with_name("packager"), "build", config, "-o", out]
    return subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def finish(config: Path, out: Path) -> float:
    started = time.monotonic()
    process = build(config, out)
    _, printed = process.communicate()
    assert process.returncode == 0, printed
    return time.monotonic() - started


def is_listening(number: int) -> bool:
    """Whether Python is up and has heard of our signals: what comes before is the interpreter's, not this tool's."""
    caught = re.search(r"^SigCgt:\s*([0-9a-f]+)$", Path(f"/proc/{number}/status").read_text(), re.M)
    return caught is not None and bool(int(caught[1], 16) >> (signal.SIGTERM - 1) & 1)


def is_gone(mark: str) -> bool:
    return not alive(mark)


def main(count: int, seed: int) -> Counter[str]:
    """Kill ``count`` builds; how many of them left the old tree and how many the new one, by signal."""
    # A shell starts what it puts into the background with SIGINT ignored, and the builds would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    chance = random.Random(seed)
    seen: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="kill-builds-") as name:
        work = Path(name)
        shutil.copytree(PROJECT / "examples/digits", work / "old")
        shutil.copytree(work / "old", work / "new")
        config = work / "new/packager.toml"
        config.write_text(
            re.sub("^description = .*$", 'description = "Another one."', config.read_text(), flags=re.M)
        )

        old = work / "trees/old"
        finish(work / "old", old)
        (old / EDITED).write_bytes(EDIT)
        shutil.copytree(old, work / "trees/new")
        length = finish(work / "new", work / "trees/new")
        trees = {"old": read_tree(old), "new": read_tree(work / "trees/new")}
        assert trees["old"] != trees["new"]
        assert trees["new"][EDITED] == EDIT

        for number in range(count):
            kind = SIGNALS[number % len(SIGNALS)]
            folder, temporary = work / "round", work / "temporary"
            temporary.mkdir()
            shutil.copytree(old, folder / "out")
            mark = uuid.uuid4().hex
            process = build(work / "new", folder / "out", PACKAGER_MARK=mark, TMPDIR=str(temporary))
            assert wait_for(partial(is_listening, process.pid))
            time.sleep(chance.uniform(0, length))
            process.send_signal(kind)
            _, printed = process.communicate()
            assert wait_for(partial(is_gone, mark)), f"round {number}: a process lives on"
            tree = read_tree(folder / "out")
            state = next((name for name, expected in trees.items() if tree == expected), None)
            assert state is not None, f"round {number}: {kind.name} left a mixture"
            said = printed.splitlines(keepends=True)[-1:]
            if process.returncode == 0:
                state = "finished"
            elif kind is signal.SIGKILL:
                assert process.returncode == -kind
            else:
                assert process.returncode == 128 + kind, f"round {number}: {process.returncode} {printed}"
                assert said == [WORDS[kind]], f"round {number}: {printed}"
                assert "Traceback" not in printed
                assert sorted(path.name for path in folder.iterdir()) == ["out"], f"round {number}"
            if kind is not signal.SIGKILL:
                assert list(temporary.iterdir()) == [], f"round {number}: {list(temporary.iterdir())}"
            seen[f"{kind.name} {state}"] += 1
            shutil.rmtree(folder)
            shutil.rmtree(temporary)
    return seen


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    for what, times in sorted(main(given.count, given.seed).items()):
        print(f"{what}: {times}")
