"""Label files: what is read, what is refused, and that nothing hostile in a label is lost on the way."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from packager.annotated import annotated_model
from packager.errors import MetadataError
from packager.metadata.attach import Annotation, annotate
from packager.metadata.embedding import embed
from packager.metadata.labels import LabelFile, label_file, read_labels
from packager.metadata.reader import read_metadata
from packager.metadata.view import EXACT_LABELS_SUFFIX, AssociatedFile, TensorMetadata, split_labels
from packager.model import parse_model
from packager.tasks import Task
from tests.bounds import within
from tests.models import T, ports

pytestmark = pytest.mark.slow

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
    ("blank end.txt", b"cat\ndog\n\n \n\t\n \t ", ("cat", "dog")),
    ("blank end, windows.txt", b"cat\r\ndog\r\n\r\n  \r\n", ("cat", "dog")),
    ("blank end, old mac.txt", b"cat\rdog\r\r \r", ("cat", "dog")),
    ("blank end.csv", b"cat\ndog\n\n \n\t\n", ("cat", "dog")),
    ("blank end, two columns.csv", b"0,cat\n1,dog\n\n , \n,\n \n", ("cat", "dog")),
    ("blank end, windows.csv", b"\xef\xbb\xbfcat\r\ndog\r\n\r\n\t\r\n", ("cat", "dog")),
    ("old mac.csv", b"0,cat\r1,dog\r", ("cat", "dog")),
    ("mixed.txt", b"cat\r\ndog\nmouse\rbird", ("cat", "dog", "mouse", "bird")),
    ("bom.csv", b"\xef\xbb\xbfindex,label\n0,cat\n", ("cat",)),
    ("object with numbers.json", b'{"0": "1", "1": "2"}', ("1", "2")),
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
    ("crane thrice.txt", b"crane\n" * 3 + b"".join(b"%d\n" % n for n in range(997)), "1 and 3 are both", "(2)"),
    ("crane and others.txt", b"crane\ncrane\ncat\n", "labels 1 and 2 are both 'crane'", "of its own"),
    *(
        (f"{name}.{suffix}", text.encode(encoding), f"is {title}, not UTF-8", "Save it as UTF-8")
        for suffix, text in [("txt", "cat\nGröße\n"), ("csv", "0,cat\n1,Größe\n"), ("json", '["cat", "Größe"]')]
        for name, title, encoding in [
            ("utf-16", "UTF-16", "utf-16"),
            ("utf-16-le", "UTF-16", "utf-16-le"),
            ("utf-16-be", "UTF-16", "utf-16-be"),
            ("utf-32", "UTF-32", "utf-32"),
            ("utf-32-le", "UTF-32", "utf-32-le"),
            ("utf-32-be", "UTF-32", "utf-32-be"),
        ]
    ),
    ("utf-16-be with a mark.txt", b"\xfe\xff" + "cat\n".encode("utf-16-be"), "is UTF-16", "Save it as UTF-8"),
    ("utf-32-be with a mark.txt", b"\0\0\xfe\xff" + "cat\n".encode("utf-32-be"), "is UTF-32", "Save it as UTF-8"),
    ("utf-16, all Greek.txt", "\ufeffαβγ".encode("utf-16-le"), "is UTF-16", "Save it as UTF-8"),
    ("NUL.txt", b"cat\nd\0g\n", "holds a NUL byte (line 2)", "Remove it"),
    ("NUL.csv", b"0,cat\r\n1,dog\r\n2,\0\r\n", "holds a NUL byte (line 3)", "Remove it"),
    ("NUL.json", b'["cat\0"]', "holds a NUL byte (line 1)", "Remove it"),
    ("zeros.txt", b"\0" * 1_000, "holds a NUL byte", "Remove it"),
    ("too large.txt", b"cat\n" * (1 << 20) + b"\n", "cannot be read: it has more than 4 MiB", None),
    ("broken.json", b'["cat"', "not understood: Expecting", "a label a line"),
    ("deep.json", b"[" * 100_000, "its brackets nest too deep", "a label a line"),
    ("deep and closed.json", b"[" * 100_000 + b"]" * 100_000, "its brackets nest too deep", "a label a line"),
    ("deep objects.json", b'{"0":' * 100_000 + b"1" + b"}" * 100_000, "its brackets nest too deep", "a label a line"),
    ("long number.json", b"[" + b"9" * 5_000 + b"]", "label 0 is no string", "a label a line"),
    ("long number in an object.json", b'{"0": ' + b"9" * 5_000 + b"}", "label 0 is no string", "a label a line"),
    ("long float.json", b"[1e" + b"9" * 5_000 + b"]", "label 0 is no string", "a label a line"),
    ("long index.json", b'{"' + b"9" * 5_000 + b'": "cat"}', "stands where the index", "a label a line"),
    ("long index.csv", b"9" * 5_000 + b",cat", "stands where the index", "a label a line"),
    ("NaN.json", b"[NaN]", "label 0 is no string", "a label a line"),
    ("blank end.json", b'["cat", ""]', "label 2 of 2 is blank", "Name the class"),
    ("blank in between.csv", b"0,cat\n1,\n2,dog\n\n", "label 2 of 3 is blank", "Name the class"),
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
    with within(1), pytest.raises(MetadataError) as caught:
        read_labels(path)
    assert what in caught.value.what
    assert len(caught.value.what) < 300
    assert caught.value.where == str(path)
    assert (fix or "") in (caught.value.fix or "")


def test_a_large_label_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_text("".join(f"label number {number}\n" for number in range(180_000)))
    assert len(read_labels(path)) == 180_000


@pytest.mark.parametrize("blank", [b"\n", b",\n", b" \t\n", b'""\n'])
@pytest.mark.parametrize("suffix", ["txt", "csv", "json"])
def test_the_largest_blank_files_take_a_second(tmp_path: Path, blank: bytes, suffix: str) -> None:
    path = tmp_path / f"labels.{suffix}"
    path.write_bytes(b"cat\n" + blank * ((4 << 20) // len(blank) - 2))
    with within(1), suppress(MetadataError):
        assert read_labels(path) == ("cat",)


# --- translations ----------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("l.txt", b"Kran\nHund\nKran\n"),
        ("l.csv", b"0,Kran\n1,Hund\n2,Kran\n"),
        ("l.json", b'["Kran", "Hund", "Kran"]'),
    ],
)
def test_a_translation_may_say_the_same_of_two_classes(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert read_labels(path, localized=True) == ("Kran", "Hund", "Kran")
    with pytest.raises(MetadataError, match="labels 1 and 3 are both 'Kran'"):
        read_labels(path)
    # And so in a model.
    (tmp_path / "default.txt").write_text("crane\ndog\nderrick\n")
    default, model = LabelFile(tmp_path / "default.txt"), parse_model(ports((T("", (1, 4)),), (T("", (1, 3)),)))
    metadata = read_metadata(parse_model(annotate(model, Annotation(Task.TENSORS, (default, LabelFile(path, "de"))))))
    assert metadata is not None
    assert metadata.outputs[0].labels("de") == ("Kran", "Hund", "Kran")
    with pytest.raises(MetadataError, match="are both 'Kran'"):
        annotate(model, Annotation(Task.TENSORS, (LabelFile(path),)))


def test_a_translation_has_no_blank_labels(tmp_path: Path) -> None:
    path = tmp_path / "l.txt"
    path.write_bytes(b"Kran\n\nHund\n")
    with pytest.raises(MetadataError, match="label 2 of 3 is blank"):
        read_labels(path, localized=True)


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


@pytest.mark.parametrize(
    "labels",
    [("\ufeffcat", "dog"), ("cat", "dog "), ("cat", " dog"), ("cat\t", "\u00a0dog"), ("a\rb", "c"), ("\x1c", "c")],
)
def test_labels_at_the_edge_come_back(labels: tuple[str, ...]) -> None:
    """What a reader of lines takes off is kept beside them."""
    assert _read_back(labels) == labels


# --- in a model that others made ----------------------------------------


@pytest.mark.parametrize(
    ("data", "classes", "labels"),
    [
        (b"cat\ndog\n", None, ("cat", "dog")),
        (b"cat\ndog", 2, ("cat", "dog")),
        (b"\xef\xbb\xbfcat\r\ndog\r\n", 2, ("cat", "dog")),
        (b"cat\rdog\r", 2, ("cat", "dog")),
        (b"cat\rs\ndog\n", 2, ("cat\rs", "dog")),
        (b"cat\ndog\n\n \n\t\r\n", None, ("cat", "dog")),
        (b"cat\ndog\n\n \n\t\n", 2, ("cat", "dog")),
        # As many lines as classes: the blank ones are labels too.
        (b"cat\ndog\n \n", 3, ("cat", "dog", " ")),
        (b"cat\ndog\n\n", 3, ("cat", "dog", "")),
        (b"cat\ndog\n\n\n\n", 3, ("cat", "dog", "")),
        (b"cat\n\ndog\n", 3, ("cat", "", "dog")),
        (b"cat\n\ndog\n\n", 3, ("cat", "", "dog")),
        # The end of the last line begins none.
        (b"cat\ndog\n", 3, ("cat", "dog")),
        (b"cat\ndog\nmouse\n", 2, ("cat", "dog", "mouse")),
        (b"", None, ()),
        (b"\n", None, ()),
        (b"\n", 1, ("",)),
        (b" \n \n", None, ()),
        ("cat\nGröße\n".encode("utf-16"), 2, ("cat", "Größe")),
        ("cat\nGröße\n".encode("utf-16-be"), 2, ("cat", "Größe")),
        ("cat\nGröße\n".encode("utf-32-le"), 2, ("cat", "Größe")),
        ("cat\nGröße\n".encode("latin-1"), 2, ("cat", "Gr\ufffd\ufffde")),
    ],
)
def test_label_files_that_others_packed(data: bytes, classes: int | None, labels: tuple[str, ...]) -> None:
    assert split_labels(data, classes) == labels
    file = AssociatedFile("l.txt", "", "TENSOR_AXIS_LABELS", "", data)
    assert TensorMetadata(files=(file,), classes=classes).labels() == labels


def test_the_count_of_a_models_classes_reaches_its_labels(tmp_path: Path) -> None:
    """Two labels and a blank line are right for two classes; for three, the third is blank."""
    for count in (2, 3):
        (tmp_path / "l.txt").write_text("".join(f"{number}\n" for number in range(count)))
        model = parse_model(ports((T("", (1, 4)),), (T("", (1, count)),)))
        annotated = parse_model(annotate(model, Annotation(Task.TENSORS, (LabelFile(tmp_path / "l.txt"),))))
        assert annotated.metadata_buffer is not None
        packed = embed(model.data, annotated.metadata_buffer, {"labels.txt": b"cat\ndog\n \n"})
        metadata = read_metadata(parse_model(packed))
        assert metadata is not None
        assert metadata.outputs[0].labels() == ("cat", "dog", " ")[:count]
        assert annotated_model(parse_model(packed)).labels == ("cat", "dog", " ")[:count]
        # A translation is counted likewise.
        assert metadata.outputs[0].labels("de") is None


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
