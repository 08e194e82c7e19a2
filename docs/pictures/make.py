"""Make the pictures of answers that the documentation shows.

    uv run docs/pictures/make.py [FOLDER]

Writes `shapes.png`, `gestures.png` and `ladder.png` into FOLDER, by default the one of this script; the same pixels
every time.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import packager
from packager.annotated import AnnotatedModel
from packager.comparison import Accuracy, ComparedModel, Comparison
from packager.comparison.figures import wilson
from packager.comparison.plot import render_plot
from packager.config import Config, read_config
from packager.golden import build_goldens, read_samples
from packager.runtimes import Runtime
from packager.tasks.classes import Category

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent.parent / "examples"

# The golden scene to show, and how many times larger, so that lines and letters are fine.
SCENE, LARGER = "overlapping.png", 2

# Pictures that the ladders were asked about.
HELD_OUT = 1000

# The axes of gestures, by where each points, and their colours.
AXES = {"right": (208, 60, 56), "away": (38, 132, 80), "up": (45, 96, 196)}
INK, GRAY, FAINT, PAPER = (34, 34, 34), (110, 110, 110), (222, 222, 222), (255, 255, 255)
# In pixels: a panel for each gesture, what it leaves free at each side, where 0 g is, and how high 1 g is.
PANEL, MARGIN, MIDDLE, HIGH = (250, 200), 12, 86, 26
# Drawn so many times larger and shrunk, for smooth curves.
FINER = 4


def annotate(config: Config, path: Path) -> AnnotatedModel:
    """Write the model that packager.toml names, with its metadata, to ``path``."""
    assert config.metadata is not None
    packager.attach_metadata(config.model, config.metadata, path)
    return packager.read_annotated(path)


def draw_shapes(folder: Path, work: Path) -> None:
    """What the Raspberry Pi package draws over a golden scene."""
    config = read_config(EXAMPLES / "shapes")
    annotate(config, work / "shapes.tflite")
    packager.package("pi", work / "shapes.tflite", work / "pi", golden=config.golden_samples())
    scene = Image.open(EXAMPLES / "shapes" / "golden" / SCENE)
    scene.resize((scene.width * LARGER, scene.height * LARGER), Image.Resampling.LANCZOS).save(work / "scene.png")
    command = [sys.executable, "-m", "shapes", "detect", "../scene.png", "--draw", "../drawn.png"]
    subprocess.run(command, cwd=work / "pi", check=True, stdout=subprocess.DEVNULL)
    Image.open(work / "drawn.png").save(folder / "shapes.png", optimize=True)


def draw_ladder(folder: Path) -> None:
    """The two ladders in README's table, as `packager ladder --plot` draws each."""
    rows = (HERE.parent.parent / "README.md").read_text("utf-8").partition("| recipe |")[2].partition("\n\n")[0]
    cells = [[cell.strip(" `") for cell in row.strip("|").split("|")] for row in rows.splitlines()[2:]]
    plots = []
    for name, column in (("fashion.h5", 1), ("conv.keras", 3)):
        models = tuple(
            compared(row[0].replace("the model", name), row[column], row[column + 1])
            for row in cells
            if row[column] != "–"
        )
        comparison = Comparison(Path("held-out.npz"), HELD_OUT, packager.Task.IMAGE_CLASSIFICATION, models)
        plots.append(Image.open(io.BytesIO(render_plot(comparison, ".png"))).convert("RGB"))
    picture = Image.new("RGB", (sum(plot.width for plot in plots), plots[0].height), PAPER)
    for place, plot in enumerate(plots):
        picture.paste(plot, (place * plot.width, 0))
    picture.save(folder / "ladder.png", optimize=True)


def compared(name: str, size: str, right: str) -> ComparedModel:
    """A model with so many bytes that is right in so many percent of the held-out pictures."""
    top1 = float(right.removesuffix(" %")) / 100
    accuracy = Accuracy((("top1", top1),), wilson(round(top1 * HELD_OUT), HELD_OUT), HELD_OUT)
    return ComparedModel(Path(name), int(size.replace(",", "")), 0, accuracy, None, None, None, None, {}, None)


def draw_gestures(folder: Path, work: Path) -> None:
    """Each golden window's three axes over time, and the best answer beneath."""
    config = read_config(EXAMPLES / "gestures")
    model = annotate(config, work / "gestures.tflite")
    paths = config.golden_samples()
    cases = build_goldens(model, read_samples(model, paths), [Runtime.LITERT]).sets[Runtime.LITERT].cases
    panels = [draw_panel(np.load(path)[0], case.answer[0]) for path, case in zip(paths, cases, strict=True)]
    legend = 26
    picture = Image.new("RGB", (len(panels) * PANEL[0], PANEL[1] + legend), PAPER)
    draw, x, font = ImageDraw.Draw(picture), MARGIN, ImageFont.load_default(13)
    for name, color in AXES.items():
        draw.rectangle((x, legend - 12, x + 14, legend - 9), color)
        draw.text((x + 20, legend - 5), name, GRAY, font, anchor="ls")
        x += 40 + round(font.getlength(name))
    text = "acceleration in g, 2.56 seconds; a line is 1 g"
    draw.text((picture.width - MARGIN, legend - 5), text, GRAY, font, anchor="rs")
    for place, panel in enumerate(panels):
        picture.paste(panel, (place * PANEL[0], legend))
    picture.save(folder / "gestures.png", optimize=True)


def draw_panel(window: np.ndarray[Any, Any], best: Category) -> Image.Image:
    """One window [time, 3] in g, and the answer ``best`` beneath."""
    width, height, margin = PANEL[0] * FINER, PANEL[1] * FINER, MARGIN * FINER
    panel = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(panel)
    for level in range(-3, 4):
        y = (MIDDLE - level * HIGH) * FINER
        draw.line((margin, y, width - margin, y), GRAY if level == 0 else FAINT, FINER)
    across = np.linspace(margin, width - margin, len(window))
    for values, color in zip(window.T, AXES.values(), strict=True):
        down = (MIDDLE - values * HIGH) * FINER
        draw.line(np.stack([across, down], axis=1).ravel().tolist(), color, 2 * FINER, joint="curve")
    bottom = height - margin
    draw.text((margin, bottom), best.label, INK, ImageFont.load_default(18 * FINER), anchor="ls")
    draw.text((width - margin, bottom), f"{best.score:.2f}", GRAY, ImageFont.load_default(18 * FINER), anchor="rs")
    return panel.reduce(FINER)


def main() -> None:
    """Write the pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    with tempfile.TemporaryDirectory() as work:
        draw_shapes(folder, Path(work))
        draw_gestures(folder, Path(work))
    draw_ladder(folder)


if __name__ == "__main__":
    main()
