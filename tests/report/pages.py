"""Pages that several tests look at."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from packager.metadata.attach import Annotation, LabelFile, TensorSpec, attach_metadata
from packager.report import write_report
from packager.tasks import Task
from tests.cells.models import ROWS
from tests.conftest import HOSTILE_LABELS, PROJECT

COMPARISON = Path(__file__).parent / "comparison.json"
DIGITS = PROJECT / "examples" / "digits"
FIVE = DIGITS / "golden" / "five.png"
# What would run, leave its place, or turn its reader's head, were it put into a page as it is.
HOSTILE = (
    "<script>window.pwned=1</script><img src=x onerror='window.pwned=1'>\"'> </style> "
    "\u202e}{ {{ title }} \x1b[31m\x00"
)
LABELS = [HOSTILE, "</svg></title>", "javascript:pwned", *HOSTILE_LABELS[:7]]


def write_page(name: str, folder: Path) -> Path:
    """The page of that name, made in ``folder`` of a model that is run for it."""
    out = folder / f"{name}.html"
    if name == "comparison":
        source = folder / "compared"
        source.mkdir()
        shutil.copy(COMPARISON, source)
        shutil.copy(PROJECT / "examples" / "sine" / "sine.tflite", source / "int8.tflite")
        write_report(source, out)
    elif name == "hostile":
        write_report(hostile_folder(folder), out, golden=[FIVE])
    elif (PROJECT / "examples" / name).is_dir():
        write_report(PROJECT / "examples" / name, out)
    else:
        row = next(row for row in ROWS if row.name == name)
        model = folder / f"{name}.tflite"
        model.write_bytes(row.annotated().model.data)
        write_report(model, out, golden=row.samples(folder))
    return out


def hostile_folder(folder: Path) -> Path:
    """A comparison whose every text is hostile, and which recommends a model of which the same is true."""
    source = folder / "hostile"
    source.mkdir()
    (folder / "labels.json").write_text(json.dumps(LABELS))
    text = HOSTILE.replace("\x00", "")
    annotation = Annotation(
        task=Task.IMAGE_CLASSIFICATION,
        labels=(LabelFile(folder / "labels.json"),),
        mean=(0.0,),
        std=(255.0,),
        name=text,
        version=text,
        author=text,
        license=text,
        description=text,
        inputs=(TensorSpec(text, text),),
        outputs=(TensorSpec(text, text),),
    )
    attach_metadata(DIGITS / "digits.tflite", annotation, source / "int8.tflite")
    document = json.loads(COMPARISON.read_text())
    document["data"]["path"] = HOSTILE
    document["reproduce"] = [HOSTILE]
    document["recommendations"]["micro"]["why"] = HOSTILE
    for model in document["models"]:
        if model["path"] != "int8.tflite":
            model["path"] += HOSTILE
        model["failed"] = HOSTILE
        model["targets"]["pi"]["problems"] = [{"level": HOSTILE, "what": HOSTILE, "fix": HOSTILE}]
    (source / "comparison.json").write_text(json.dumps(document))
    return source
