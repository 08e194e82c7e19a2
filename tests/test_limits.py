"""What the system refuses (space, sizes of files, temporary folders) is one message; nothing is half-written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="ulimit and mount namespaces"),
]
PACKAGER = Path(sys.executable).with_name("packager")
DIGITS = PROJECT / "examples/digits"


def shell(script: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PACKAGER": str(PACKAGER), "DIGITS": str(DIGITS)}
    return subprocess.run(
        ["bash", "-c", script], cwd=cwd, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def refused(ran: subprocess.CompletedProcess[str]) -> str:
    """The error, which is one and ends what was said."""
    assert ran.returncode == 1, ran.stderr
    assert "Traceback" not in ran.stderr
    _, error = ran.stderr.split("error: ")
    return error


@pytest.mark.parametrize(
    ("blocks", "asked"),
    [
        (1, "build $DIGITS -o out"),
        (1, "metadata attach $DIGITS/digits.tflite -o out --task tensors"),
        (0, "metadata export annotated.tflite -o out"),
        (0, "init $DIGITS/digits.tflite --yes -o out"),
    ],
)
def test_a_limit_on_the_size_of_files(tmp_path: Path, blocks: int, asked: str) -> None:
    """``ulimit -f`` counts blocks of 1,024 bytes."""
    made = shell("$PACKAGER metadata attach $DIGITS/digits.tflite -o annotated.tflite --task tensors", tmp_path)
    assert made.returncode == 0, made.stderr
    message = refused(shell(f"ulimit -f {blocks}; $PACKAGER {asked}", tmp_path))
    assert "File too large" in message
    assert "ulimit -f" in message
    assert sorted(path.name for path in tmp_path.iterdir()) == ["annotated.tflite"]


def test_an_edited_project_survives_such_a_limit(tmp_path: Path) -> None:
    assert shell("$PACKAGER pi $DIGITS/digits.tflite -o out", tmp_path).returncode == 0
    (tmp_path / "out/README.md").write_text("mine")
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    ran = shell("ulimit -f 1; $PACKAGER micro $DIGITS/digits.tflite -o out --force", tmp_path)
    refused(ran)
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == before


# Every place where Python looks for a temporary folder, the current one included.
NAMESPACE = (
    "unshare --mount --user --map-root-user bash -c '"
    "for place in /tmp /var/tmp /usr/tmp {cwd}; do [ -d $place ] && mount -t tmpfs -o {options} none $place; done;"
    "cd {cwd}; unset TMPDIR TEMP TMP; {fill} $PACKAGER pi $DIGITS/digits.tflite -o {out}'"
)


@pytest.mark.parametrize(
    ("options", "fill"),
    [("ro", ""), ("size=4k,nr_inodes=3", "for place in /tmp /var/tmp /usr/tmp .; do touch $place/a $place/b; done;")],
    ids=["read-only", "full"],
)
def test_no_room_for_temporary_folders(options: str, fill: str) -> None:
    if any(PROJECT.is_relative_to(place) for place in ("/tmp", "/var/tmp", "/usr/tmp")):
        pytest.skip("this checkout is in a temporary folder itself")
    work = PROJECT / "build" / "no-room"
    (work / "cwd").mkdir(parents=True, exist_ok=True)
    script = NAMESPACE.format(cwd=work / "cwd", options=options, fill=fill, out=work / "out")
    if shell("unshare --mount --user --map-root-user true", work).returncode != 0:
        pytest.skip("this system allows no mount namespaces")
    ran = shell(script, work)
    message = refused(ran)
    assert "running a model needs a temporary folder, and none can be made" in message
    assert "TMPDIR" in message
    assert not (work / "out").exists()
