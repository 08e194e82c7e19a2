"""The comparison of generated projects with tests/trees, which says all that differs and lets nothing pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import TREES, check_tree
from tests.tree_comparison import MOST_LINES, MOST_LINES_OF_ALL, UPDATE, kept_files

NUMBERS = "".join(f"    0x{number & 255:02x}, 0x{number >> 8:02x},\n" for number in range(400))
MODEL = f"const unsigned char model[] = {{\n{NUMBERS}}};\n"
PROJECT = {
    "README.md": b"# Digits\n\n1\n2\n3\n",
    "src/model.cpp": MODEL.encode(),
    "golden/one.bin": b"A",
    "five.png": b"\x89PNG\r\n\x1a\n",
    "empty.py": b"",
}


def told(tmp_path: Path, files: dict[str, bytes]) -> str:
    """What is told of ``files`` where PROJECT is kept."""
    assert check_tree(PROJECT, "digits", tmp_path, update=True) == ""
    return check_tree(files, "digits", tmp_path)


def actual(tmp_path: Path) -> dict[str, bytes]:
    folder = tmp_path / "build" / "trees" / "digits"
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if not path.is_dir()}


def test_what_is_kept_is_text(tmp_path: Path) -> None:
    assert told(tmp_path, PROJECT) == ""
    kept = tmp_path / "tests" / "trees" / "digits"
    names = {path.relative_to(kept).as_posix() for path in kept.rglob("*") if path.is_file()}
    assert names == {"README.md", "src/model.cpp", "empty.py", "binary.sha256"}
    assert [line[64:] for line in (kept / "binary.sha256").read_text().splitlines()] == [
        "  five.png",
        "  golden/one.bin",
    ]
    first, hashed, last = (kept / "src/model.cpp").read_text().splitlines()
    assert (first, last) == ("const unsigned char model[] = {", "};")
    assert hashed.startswith("    // 400 rows of numbers, sha256 ")


@pytest.mark.parametrize("name", PROJECT)
def test_any_changed_byte_is_a_difference(name: str, tmp_path: Path) -> None:
    """The arrays that only a hash is kept of, and the empty file, too."""
    content = PROJECT[name]
    for place in {0, len(content) // 2, len(content) - 1} & {*range(len(content))}:
        changed = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        assert f"different: {name}\n" in told(tmp_path, {**PROJECT, name: changed})
    assert f"different: {name}\n" in told(tmp_path, {**PROJECT, name: content + b"\n"})


def test_all_that_differs_is_told(tmp_path: Path) -> None:
    files = {**PROJECT, "README.md": b"# Digits\n\n1\ntwo\n3\n", "five.png": b"\0", "new.py": b"", "new.png": b"\0"}
    del files["empty.py"], files["golden/one.bin"]
    assert told(tmp_path, files).splitlines()[:9] == [
        "tests/trees/digits is not what is generated: 2 missing, 2 extra, 2 different",
        "  missing: empty.py",
        "  missing: golden/one.bin",
        "  extra: new.png",
        "  extra: new.py",
        "  different: README.md",
        "  different: five.png",
        f"What is generated is in build/trees/digits. If it is meant, run: {UPDATE} and read the diff.",
        "",
    ]
    assert actual(tmp_path) == files


def test_texts_are_shown_as_a_unified_diff(tmp_path: Path) -> None:
    shown = told(tmp_path, {**PROJECT, "README.md": b"# Digits\n\n1\ntwo\n3\n"}).splitlines()[4:]
    assert shown == [
        "--- tests/trees/digits/README.md",
        "+++ build/trees/digits/README.md",
        "@@ -1,6 +1,6 @@",
        " # Digits",
        " ",
        " 1",
        "-2",
        "+two",
        " 3",
        " ",
    ]


def test_a_change_of_a_line_end_is_shown(tmp_path: Path) -> None:
    shown = told(tmp_path, {**PROJECT, "README.md": PROJECT["README.md"][:-1]})
    assert shown.endswith("\n 2\n 3\n-")
    assert "+# Digits\r\n" in told(tmp_path, {**PROJECT, "README.md": PROJECT["README.md"].replace(b"\n", b"\r\n")})


def test_long_differences_are_cut_with_a_word(tmp_path: Path) -> None:
    text = "".join(f"line {number}\n" for number in range(1000)).encode()
    shown = told(tmp_path, {**PROJECT, "README.md": text}).splitlines()
    assert shown[-1] == f"[cut: {1000 + 5 + 4 - MOST_LINES} more lines]"
    files = {f"{number:02}.txt": text for number in range(20)}
    check_tree(files, "long", tmp_path, update=True)
    shown = check_tree(dict.fromkeys(files, b"another"), "long", tmp_path).splitlines()
    assert sum(line.startswith("  different: ") for line in shown) == 20
    assert shown[-1] == f"[cut: the differences of {20 - MOST_LINES_OF_ALL // MOST_LINES} more files]"


def test_what_failed_before_is_gone_once_it_passes(tmp_path: Path) -> None:
    assert told(tmp_path, {}) != ""
    assert told(tmp_path, {"README.md": b"other"}) != ""
    assert actual(tmp_path) == {"README.md": b"other"}
    assert told(tmp_path, PROJECT) == ""
    assert actual(tmp_path) == {}


def test_a_tree_that_is_not_kept_yet(tmp_path: Path) -> None:
    shown = check_tree(PROJECT, "new", tmp_path)
    assert shown.startswith("tests/trees/new is not what is generated: 0 missing, 5 extra, 0 different\n")


def test_long_lines_of_digits_are_read_in_time() -> None:
    files = {"a.txt": b"1" * 100_000 + b"x\n" + b"1, " * 100_000 + b"x\n"}
    assert kept_files(files) == files


def test_every_tree_is_kept_so() -> None:
    """No array and no binary file stands in any."""
    for folder in TREES.iterdir():
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
        }
        assert kept_files(files) == files, folder.name
