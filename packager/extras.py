"""The extras of this package: what some commands need beside what every command does."""

from __future__ import annotations

import sys
from enum import StrEnum
from importlib.util import find_spec

from packager.errors import MissingPackageError


class Extra(StrEnum):
    """An extra, as it stands in ``pip install 'tflite-packager[convert]'``, and the modules that it brings."""

    modules: tuple[str, ...]

    def __new__(cls, name: str, *modules: str) -> Extra:
        """The extra of that name."""
        extra = str.__new__(cls, name)
        extra._value_ = name
        extra.modules = modules
        return extra

    CONVERT = "convert", "tensorflow", "tf_keras", "tensorflow_model_optimization"
    QUANTIZER = "quantizer", "litert_quantizer"
    COMPARE = "compare", "matplotlib", "pycocotools"
    DASK = "dask", "distributed"


def require_extra(extra: Extra, what: str) -> None:
    """See that ``extra`` is installed, which ``what`` needs ("packager convert"); nothing is imported.

    Raises:
        MissingPackageError: it is not.
    """
    absent = [module for module in extra.modules if find_spec(module) is None]
    if absent:
        command = f"pip install 'tflite-packager[{extra}]'"
        # TensorFlow has no wheels for newer ones.
        where = " on Python 3.11 to 3.13" if extra is Extra.CONVERT and sys.version_info >= (3, 14) else ""
        raise MissingPackageError(f"{what} needs {', '.join(absent)}, which is not installed: {command}{where}")
