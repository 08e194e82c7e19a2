"""Turns one converted .tflite into an Android module, an iOS package, a Pi runner and a microcontroller sketch.

Everything the command line does is a function here::

    import packager

    model = packager.read_model("digits.tflite")
    packager.attach_metadata("digits.tflite", packager.Annotation(...), "annotated.tflite")
    report = packager.build("examples/digits", "out")

The names are imported when they are first used, so that importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

if TYPE_CHECKING:
    from packager.annotated import AnnotatedModel, read_annotated
    from packager.comparison import Comparison, compare
    from packager.config import Config, read_config
    from packager.convert.conversion import Conversion, convert_model
    from packager.convert.recipes import ConvertOptions, ConvertTarget, LayerRule, Quantize, TuneOptions
    from packager.convert.tuning import Tuned, tune
    from packager.dataset import Dataset, read_dataset
    from packager.errors import PackagerError
    from packager.inspection import Inspection, inspect_model
    from packager.ladder import Ladder, climb
    from packager.metadata.attach import Annotation, LabelFile, TensorSpec, annotate, attach_metadata
    from packager.metadata.export import export_metadata
    from packager.metadata.reader import read_metadata
    from packager.metadata.view import ModelMetadata
    from packager.model import Model, read_model
    from packager.pipeline import BuildReport, build, package
    from packager.replay import verify
    from packager.report.reading import write_report
    from packager.schema import config_schema
    from packager.tasks import Activation, ChannelOrder, CropMode, Head, Resize, Task

_HOMES = {
    "Activation": "tasks",
    "AnnotatedModel": "annotated",
    "Annotation": "metadata.attach",
    "BuildReport": "pipeline",
    "ChannelOrder": "tasks",
    "Comparison": "comparison",
    "Config": "config",
    "Conversion": "convert.conversion",
    "ConvertOptions": "convert.recipes",
    "ConvertTarget": "convert.recipes",
    "CropMode": "tasks",
    "Dataset": "dataset",
    "Head": "tasks",
    "Inspection": "inspection",
    "LabelFile": "metadata.attach",
    "Ladder": "ladder",
    "LayerRule": "convert.recipes",
    "Model": "model",
    "ModelMetadata": "metadata.view",
    "PackagerError": "errors",
    "Quantize": "convert.recipes",
    "Resize": "tasks",
    "Task": "tasks",
    "TensorSpec": "metadata.attach",
    "TuneOptions": "convert.recipes",
    "Tuned": "convert.tuning",
    "annotate": "metadata.attach",
    "attach_metadata": "metadata.attach",
    "build": "pipeline",
    "climb": "ladder",
    "compare": "comparison",
    "config_schema": "schema",
    "convert_model": "convert.conversion",
    "export_metadata": "metadata.export",
    "inspect_model": "inspection",
    "package": "pipeline",
    "read_annotated": "annotated",
    "read_config": "config",
    "read_dataset": "dataset",
    "read_metadata": "metadata.reader",
    "read_model": "model",
    "tune": "convert.tuning",
    "verify": "replay",
    "write_report": "report.reading",
}

__all__ = [
    "Activation",
    "AnnotatedModel",
    "Annotation",
    "BuildReport",
    "ChannelOrder",
    "Comparison",
    "Config",
    "Conversion",
    "ConvertOptions",
    "ConvertTarget",
    "CropMode",
    "Dataset",
    "Head",
    "Inspection",
    "LabelFile",
    "Ladder",
    "LayerRule",
    "Model",
    "ModelMetadata",
    "PackagerError",
    "Quantize",
    "Resize",
    "Task",
    "TensorSpec",
    "TuneOptions",
    "Tuned",
    "__version__",
    "annotate",
    "attach_metadata",
    "build",
    "climb",
    "compare",
    "config_schema",
    "convert_model",
    "export_metadata",
    "inspect_model",
    "package",
    "read_annotated",
    "read_config",
    "read_dataset",
    "read_metadata",
    "read_model",
    "tune",
    "verify",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
