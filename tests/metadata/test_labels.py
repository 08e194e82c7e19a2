"""Label files: what is read, what is refused, and that nothing hostile in a label is lost on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from packager.errors import MetadataError
from packager.metadata.labels import LabelFile, label_file, read_labels
from packager.metadata.view import EXACT_LABELS_SUFFIX, AssociatedFile, TensorMetadata

HOSTILE = (
    "quotes \" ' `",
    "two\nlines",
    "return\rand\r\nboth",
    "*/ end of comment /*",
    "${x} $(rm -rf /) #{y} %s {{ z }}",
    "back\\slash \\n \\u0041",
    "emoji 🐱‍👤 é",
    "right-to-left \u202eevil\u202c שלום",
    "tab\t and \x0b \x0c \x85 \u2028 \u2029",
    "nul \0 and bell \a",
    "<b>&amp;</b>",
    " spaces around ",
    "0 background",
    "\ufeffbom",
)

READABLE = [
    ("a.txt", b"cat\ndog\n", ("cat", "dog")),
    ("no final line end.txt", b"cat\ndog", ("cat", "dog")),
    ("windows.txt", b"\xef\xbb\xbfcat\r\ndog\r\n\r\n", ("cat", "dog")),
    ("old mac.txt", b"cat\rdog\r", ("cat", "dog")),
    ("numbers stay.txt", b"0 background\n1 cat\n", ("0 background", "1 cat")),
    ("commas.txt", b"tench, Tinca tinca\ncat\n", ("tench, Tinca tinca", "cat")),
    ("no suffix", b"cat\ndog\n", ("cat", "dog")),
    ("separators.txt", "a\u2028b\nc\x0cd\n".encode(), ("a\u2028b", "c\x0cd")),
    ("COCO's gaps.txt", b"person\nn/a\ncar\nn/a\n???\n???\n", ("person", "n/a", "car", "n/a", "???", "???")),
    ("array.json", b'["cat", "two\\nlines"]', ("cat", "two\nlines")),
    ("bom.json", b'\xef\xbb\xbf["cat"]', ("cat",)),
    ("object.json", b'{"1": "dog", "0": "cat"}', ("cat", "dog")),
    ("column.csv", b"cat\ndog\n", ("cat", "dog")),
    ("quoted.csv", b'"tench, Tinca"\n"say ""hi"""\n"two\nlines"\n', ("tench, Tinca", 'say "hi"', "two\nlines")),
    ("header.csv", b"Label\ncat\ndog\n", ("cat", "dog")),
    ("indexed.csv", b"1,dog\r\n0, cat\r\n", ("cat", "dog")),
    ("indexed, header.csv", b"id,name\n1,dog\n0,cat\n", ("cat", "dog")),
    ("AudioSet.csv", b'index,mid,display_name\n0,/m/09x0r,Speech\n1,/m/0c,"Child, kid"\n', ("Speech", "Child, kid")),
    ("UPPER.CSV", b"0,cat\n", ("cat",)),
]


@pytest.mark.parametrize(("name", "content", "labels"), READABLE, ids=[row[0] for row in READABLE])
def test_formats(tmp_path: Path, name: str, content: bytes, labels: tuple[str, ...]) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert read_labels(path) == labels


REFUSED = [
    ("empty.txt", b"", "holds no labels", "one a line"),
    ("blank lines.txt", b"\n\n  \n", "holds no labels", "one a line"),
    ("empty.json", b"", "holds no labels", "one a line"),
    ("empty array.json", b"[]", "holds no labels", "one a line"),
    ("empty object.json", b"{}", "holds no labels", "one a line"),
    ("empty.csv", b"\n,\n", "holds no labels", "one a line"),
    ("only header.csv", b"label\n", "holds no labels", "one a line"),
    ("blank.txt", b"cat\n\ndog\n", "label 2 of 3 is blank", "Name the class"),
    ("spaces.txt", b"cat\n \t\ndog\n", "label 2 of 3 is blank", "Name the class"),
    ("blank.csv", b"cat\n\ndog\n", "label 2 of 3 is blank", "Name the class"),
    ("blank.json", b'["cat", ""]', "label 2 of 2 is blank", "Name the class"),
    ("twice.txt", b"cat\ndog\ncat\n", "labels 1 and 3 are both 'cat'", "'cat (2)'"),
    ("crane.txt", b"crane\ncrane\n", "labels 1 and 2 are both 'crane'", "a label of its own"),
    ("latin1.txt", "Größe\n".encode("latin-1"), "not UTF-8 (byte 2)", "Save it as UTF-8"),
    ("utf16.txt", "cat\n".encode("utf-16"), "not UTF-8", "Save it as UTF-8"),
    ("broken.json", b'["cat"', "not understood: Expecting", "a label a line"),
    ("deep.json", b"[" * 100_000, "not understood", "a label a line"),
    ("number.json", b'["cat", 1]', "label 1 is no string", "a label a line"),
    ("nested.json", b'[{"0": "cat"}]', "label 0 is no string", "a label a line"),
    ("string.json", b'"cat"', "neither an array", "a label a line"),
    ("inverted.json", b'{"cat": 0}', "'cat' stands where the index", "a label a line"),
    ("gap.json", b'{"0": "cat", "2": "dog"}', "from 0 to 1: 1 is missing", "a label a line"),
    ("from one.csv", b"1,cat\n2,dog\n", "from 0 to 1: 0 is missing", "a label a line"),
    ("index twice.json", b'{"0": "cat", "0": "dog"}', "index 0 is there twice", "a label a line"),
    ("surrogate.json", b'["\\ud800"]', "half a surrogate pair", "Write the character"),
    ("unquoted.csv", b"tench, Tinca\ncat, Felis\n", "'tench' stands where the index", "a label a line"),
    ("ragged.csv", b"cat\ndog, big\n", "row 2 has 2 columns", "a label a line"),
    ("wide.csv", b"0,n01,cat\n1,n02,dog\n", "no header names one of them `label`", "a label a line"),
    ("open quote.csv", b'"cat\ndog\n', "not understood", "a label a line"),
]


@pytest.mark.parametrize(("name", "content", "what", "fix"), REFUSED, ids=[row[0] for row in REFUSED])
def test_refused(tmp_path: Path, name: str, content: bytes, what: str, fix: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(MetadataError) as caught:
        read_labels(path)
    assert what in caught.value.what
    assert caught.value.where == str(path)
    assert fix in (caught.value.fix or "")


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(MetadataError, match="no such label file"):
        read_labels(tmp_path / "none.txt")
    with pytest.raises(MetadataError, match="cannot be read"):
        read_labels(tmp_path)


def test_imagenet_has_two_cranes(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_text("".join(f"{number}\n" for number in range(998)) + "crane\ncrane\n")
    assert len(read_labels(path)) == 1000
    path.write_text(path.read_text().replace("5\n", "6\n", 1))
    with pytest.raises(MetadataError, match="both"):
        read_labels(path)


def test_real_label_files(models: Path) -> None:
    assert len(read_labels(models / "imagenet_labels.txt")) == 1001
    assert len(read_labels(models / "coco_labels.txt")) == 90


def _read_back(labels: tuple[str, ...]) -> tuple[str, ...] | None:
    lines, exact = label_file(labels)
    files = [AssociatedFile("labels.txt", "", "TENSOR_AXIS_LABELS", "", lines)]
    if exact is not None:
        files.append(AssociatedFile("labels.txt" + EXACT_LABELS_SUFFIX, "", "UNKNOWN", "", exact))
    return TensorMetadata(files=tuple(files)).labels()


@pytest.mark.parametrize("label", HOSTILE)
def test_hostile_labels_come_back(label: str) -> None:
    assert _read_back((label, "plain")) == (label, "plain")


def test_every_reader_finds_a_label_a_line() -> None:
    lines, exact = label_file(HOSTILE)
    assert lines.count(b"\n") == len(HOSTILE)
    assert b"two lines" in lines
    assert b"return and both" in lines
    assert exact is not None
    assert label_file(("plain",)) == (b"plain\n", None)


@pytest.mark.parametrize("broken", [b"{}", b"[1]", b'["\\ud800"]', b"[" * 100_000, b"\xff"])
def test_a_broken_exact_file_falls_back_to_the_lines(broken: bytes) -> None:
    files = (
        AssociatedFile("l.txt", "", "TENSOR_AXIS_LABELS", "", b"cat\n"),
        AssociatedFile("l.txt" + EXACT_LABELS_SUFFIX, "", "UNKNOWN", "", broken),
    )
    assert TensorMetadata(files=files).labels() == ("cat",)


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("labels.txt", LabelFile(Path("labels.txt"))),
        ("de=labels_de.txt", LabelFile(Path("labels_de.txt"), "de")),
        ("pt-BR=a=b.txt", LabelFile(Path("a=b.txt"), "pt-BR")),
        ("./de=x.txt", LabelFile(Path("de=x.txt"))),
        ("version1=x.txt", LabelFile(Path("version1=x.txt"))),
    ],
)
def test_parse(text: str, file: LabelFile) -> None:
    assert LabelFile.parse(text) == file


@pytest.mark.parametrize("locale", ["../x", "d", "de_", "deutsch", "de/../..", "de\n"])
def test_locales_that_are_none(locale: str) -> None:
    with pytest.raises(MetadataError, match="is no locale"):
        LabelFile(Path("labels.txt"), locale)
