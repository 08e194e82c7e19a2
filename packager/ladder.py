"""`packager ladder`: a Keras model by every recipe, compared, and which of them each target should get."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from packager.comparison import ComparedModel, Comparison, compare
from packager.convert.conversion import Converter, LoadedSource, spread
from packager.convert.recipes import ConvertOptions, ConvertTarget, Quantize, TuneOptions, check_tuning
from packager.convert.session import Session
from packager.convert.tuning import tune_loaded
from packager.dataset import read_dataset
from packager.errors import ConfigError, ModelError, PackagerError, WriteError
from packager.extras import Extra, require_extra
from packager.finding import is_file
from packager.golden.isolation import temporary_folder
from packager.inspection import runs
from packager.metadata.attach import Annotation
from packager.model import read_model
from packager.report import write_report
from packager.settings import FORCE, Example, Setting
from packager.targets.edge_tpu import edge_tpu_problems
from packager.writing import Change, write_files

Say = Callable[[str], None]

COMPARISON = "comparison.json"
REPORT = "report.html"
# The rungs, by the name of the file that each becomes.
RUNGS = {
    "float": Quantize.NONE,
    "dynamic": Quantize.DYNAMIC,
    "float16": Quantize.FLOAT16,
    "int8": Quantize.INT8,
    "int16x8": Quantize.INT16X8,
}
QAT = "qat"
# Below this, a difference of accuracies is no matter of chance.
_SIGNIFICANT = 0.05

TRAIN_SETTING = Setting(None, "train")


@dataclass(frozen=True)
class Recommendation:
    """The file for a target, None where it runs none of them, and why."""

    target: str
    path: str | None
    why: str


@dataclass(frozen=True)
class Ladder:
    """What a ladder made: the files in ``folder``, compared; what failed is in ``failed`` by its name."""

    folder: Path
    comparison: Comparison
    recommendations: tuple[Recommendation, ...]
    failed: tuple[tuple[str, PackagerError], ...]
    changes: tuple[Change, ...]

    def to_json(self) -> dict[str, Any]:
        """The comparison's JSON, and ``recommendations`` {target: {path, why}}; ``path`` may be null."""
        return {
            **self.comparison.to_json(),
            "recommendations": {item.target: {"path": item.path, "why": item.why} for item in self.recommendations},
        }


def climb(
    source: Path | str,
    out: Path | str,
    data: Path | str,
    *,
    train: Path | str | None = None,
    qat: bool = False,
    tuning: TuneOptions | None = None,
    options: ConvertOptions | None = None,
    annotation: Annotation | None = None,
    dask: str | None = None,
    force: bool = False,
    say: Say = lambda _text: None,
    progress: Say = lambda _text: None,
) -> Ladder:
    """Convert ``source`` by every recipe, compare what comes of it, and write all into the folder ``out``.

    Written are a .tflite for each recipe that succeeds, ``comparison.json`` and ``report.html``.

    Args:
        source: a ``.keras`` or ``.h5`` file, or the folder of a SavedModel.
        out: the folder; it may hold other files.
        data: what the models are compared on, as for ``compare``.
        train: what int8 and int16x8 are calibrated on, and what ``qat`` trains on; None: calibrated on ``data``.
        qat: also train with quantization.
        tuning: how, of ``qat``.
        options: of the conversions what is no matter of a recipe: ``samples``, ``shape``, ``trust``, ``time_limit``.
        annotation: what is attached to each .tflite, and how pictures among the samples are prepared.
        dask: the address of a Dask scheduler, which compares.
        force: replace files in the folder that hold something else.
        say: called with a line on each step.
        progress: called, where a step takes long, with how far it is, and with an empty text when it is done.

    Raises:
        ConfigError: the data cannot be read or do not fit, or ``qat`` has nothing to train on.
        MissingPackageError: TensorFlow is not installed.
        ModelError: the source cannot be loaded, or not be converted as it is.
        MetadataError: the annotation does not fit it.
        WriteError: the folder cannot be written.
    """
    source, out, data = Path(source), Path(out), Path(data)
    tuning = TuneOptions() if tuning is None else tuning
    check_tuning(tuning)
    require_extra(Extra.CONVERT, "packager ladder")
    if qat and train is None:
        raise ConfigError(
            "training with quantization takes samples that the comparison does not have",
            fix=("Give what the model was trained on: ", Example.of((TRAIN_SETTING, "FILE_OR_FOLDER"))),
            about=TRAIN_SETTING,
        )
    if not force and is_file(out / COMPARISON):
        # Its latencies are others each time: writing would refuse it, after all the work.
        raise WriteError(
            "is of another ladder",
            where=out / COMPARISON,
            fix=("Choose another folder, or replace it with ", FORCE, "."),
        )
    learned = data if train is None else Path(train)
    with temporary_folder("the ladder") as made:
        folder = Path(made)
        first = Converter(
            source,
            folder / "float.tflite",
            options or ConvertOptions(),
            annotation or Annotation(),
            True,
            say,
            progress,
        )
        failed: list[tuple[str, PackagerError]] = []
        doubtful: set[str] = set()
        first.check()
        with first.session() as session:
            loaded = first.load(session)
            # What is wrong with the data is told before what takes minutes.
            read_dataset(data, loaded.basis, labelled=False)
            for name, model, agrees in _variants(session, first, loaded, learned, tuning if qat else None, failed):
                (folder / name).write_bytes(model)
                if not agrees:
                    doubtful.add(name)
        names = [path.name for path in sorted(folder.iterdir(), key=lambda path: _rank(path.name))]
        compared = compare([source, *(folder / name for name in names)], data, dask=dask, progress=progress)
        models = [replace(model, path=Path(model.path.name)) for model in compared.models]
        comparison = replace(compared, data=Path(data.name), models=tuple(models))
        recommendations = tuple(_recommend(comparison, folder, doubtful))
        commands = _commands(source, out, data, train, qat, tuning)
        ladder = Ladder(out, comparison, recommendations, tuple(failed), ())
        document = {**ladder.to_json(), "reproduce": commands}
        (folder / COMPARISON).write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")
        say("writing the report")
        write_report(folder, folder / REPORT)
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
    return replace(ladder, changes=write_files(out, files, force=force))


def _rank(name: str) -> int:
    return [*RUNGS, QAT].index(name.removesuffix(".tflite"))


def _variants(
    session: Session,
    first: Converter,
    loaded: LoadedSource,
    learned: Path,
    tuning: TuneOptions | None,
    failed: list[tuple[str, PackagerError]],
) -> Iterator[tuple[str, bytes, bool]]:
    """The name and the bytes of each rung, and whether it answers as the source does; failures go to ``failed``."""
    dataset = read_dataset(learned, loaded.basis, labelled=False)
    items = list(dataset.items(spread(len(dataset), first.options.samples)))
    for name, quantize in RUNGS.items():
        converter = replace(
            first,
            out=first.out.with_name(f"{name}.tflite"),
            options=replace(first.options, quantize=quantize, representative=learned),
        )
        try:
            done = converter.convert(session, loaded, items)
        except ModelError as error:
            if quantize is Quantize.NONE:
                raise
            failed.append((name, error))
            continue
        yield converter.out.name, done.model.model.data, done.agreement is None or done.agreement.agrees
    if tuning is not None:
        # The last one: what was trained on takes the place of the model in the session.
        converter = replace(
            first,
            out=first.out.with_name(f"{QAT}.tflite"),
            options=replace(first.options, quantize=tuning.quantize, representative=learned, io=tuning.io),
        )
        try:
            tuned = tune_loaded(session, converter, loaded, dataset, tuning)
        except ModelError as error:
            failed.append((QAT, error))
            return
        yield converter.out.name, tuned.conversion.model.model.data, True


# --- what each target should get ----------------------------------------


def _recommend(comparison: Comparison, folder: Path, doubtful: set[str]) -> Iterator[Recommendation]:
    source, *models = comparison.models
    for target in ConvertTarget:
        able = [model for model in models if model.failed is None and _takes(target, model, folder / model.path.name)]
        fitting = [model for model in able if model.path.name not in doubtful and not is_worse(model, source)]
        if not fitting:
            why = "It runs none of them." if not able else "All that it runs are significantly less accurate."
            yield Recommendation(target, None, why)
            continue
        best = min(fitting, key=lambda model: model.bytes)
        yield Recommendation(target, best.path.name, _why(target, best, source, len(able)))


def _takes(target: ConvertTarget, model: ComparedModel, path: Path) -> bool:
    if target is ConvertTarget.CORAL:
        return runs(edge_tpu_problems(read_model(path)))
    return runs(model.targets[target])


def is_worse(model: ComparedModel, first: ComparedModel) -> bool:
    """Whether ``model`` is significantly less accurate: by McNemar's test, else below the interval of the first."""
    if model.mcnemar is not None:
        return model.mcnemar.p < _SIGNIFICANT and model.mcnemar.first_only > model.mcnemar.this_only
    if model.accuracy is None or first.accuracy is None:
        return False
    return model.accuracy.value < first.accuracy.interval[0]


def _why(target: ConvertTarget, best: ComparedModel, source: ComparedModel, able: int) -> str:
    said = (
        f"The smallest of the {able} that {target.meaning} takes"
        if able > 1
        else f"It is what {target.meaning} takes of them"
    )
    if best.accuracy is None or source.accuracy is None:
        return f"{said}, and answers as the model does."
    low, high = best.accuracy.interval
    figures = f"{best.accuracy.value:.1%} ({low:.1%} to {high:.1%}) beside {source.accuracy.value:.1%}"
    chance = "" if best.mcnemar is None else f", p = {best.mcnemar.p:.2g}"
    rules = "; by the rules of the Edge TPU on paper" if target is ConvertTarget.CORAL else ""
    return f"{said}, and not significantly less accurate: {figures}{chance}{rules}."


def _commands(
    source: Path, out: Path, data: Path, train: Path | str | None, qat: bool, tuning: TuneOptions
) -> Sequence[str]:
    """The command that makes it again, with the names of files, wherever they lie."""
    given = {"data": data.name, "train": None if train is None else Path(train).name}
    if qat:
        given |= {"qat": "", "epochs": str(tuning.epochs)}
    words = [word for name, value in given.items() if value is not None for word in (f"--{name}", value) if word]
    return [shlex.join(["packager", "ladder", source.name, "-o", out.name, *words])]
