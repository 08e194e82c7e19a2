"""Raspberry Pi packages of real models, written as their user would have them written: from a packager.toml."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from packager.pipeline import build
from packager.render.literals import toml_string

PACKAGE = "net"


def write_project(folder: Path, model: Path, metadata: str, samples: Sequence[Path]) -> Path:
    """The folder of the package PACKAGE of ``model``, with ``samples`` as its golden cases.

    ``metadata`` is what stands under [metadata], and may name files in ``folder``, in which all is written.
    """
    folder.mkdir(exist_ok=True)
    for sample in samples:
        shutil.copy(sample, folder)
    golden = ", ".join(toml_string(sample.name) for sample in samples)
    (folder / "packager.toml").write_text(
        f"name = {toml_string(PACKAGE)}\nmodel = {toml_string(str(model))}\n"
        f'golden = [{golden}]\ntargets = ["pi"]\n[metadata]\n{metadata}\n'
    )
    return build(folder, folder / "out").folders["pi"]
