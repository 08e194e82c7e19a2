"""The job of ``packager qat``: training on with quantization, or with ever more zeros, and what comes of it."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from packager.annotated import AnnotatedModel
from packager.convert.conversion import Conversion, Converter, LoadedSource, Say, spread
from packager.convert.protocol import Settings, TrainingPlan, held_out
from packager.convert.recipes import IO, ConvertOptions, Quantize, TuneOptions, check_tuning
from packager.convert.session import Session, Training
from packager.dataset import Dataset, read_dataset
from packager.extras import Extra, require_extra
from packager.golden.running import run_model
from packager.metadata.attach import Annotation
from packager.runtimes import Runtime
from packager.writing import write_file

# Of what was not trained on, for how many samples both models are asked.
_MOST_ASKED = 2000


@dataclass(frozen=True)
class Tuned:
    """What training on made: the .tflite beside the one of the model as it came, which is of floats.

    ``accuracy`` is the part of ``asked`` samples, none of them trained on, of which each has the right class first;
    None where the data tell no classes.
    """

    conversion: Conversion
    training: Training
    bytes: tuple[int, int]
    gzip_bytes: tuple[int, int]
    accuracy: tuple[float, float] | None
    asked: int

    def lines(self) -> tuple[str, ...]:
        """What people are told of it."""
        told = [
            *self.conversion.lines(),
            f"{self.bytes[1]:,} bytes, {self.gzip_bytes[1]:,} of them gzipped; as floats and before: "
            f"{self.bytes[0]:,}, {self.gzip_bytes[0]:,}",
            f"{self.training.zeros:.1%} of the weights are zero",
            f"trained for {self.training.epochs} epochs: loss {self.training.loss_before:.4g} before, "
            f"{self.training.loss_after:.4g} after",
        ]
        if self.accuracy is not None:
            before, after = self.accuracy
            told.append(
                f"right in {after:.1%} of {self.asked:,} samples that it was not trained on now; as floats and "
                f"before: {before:.1%}"
            )
        return tuple(told)


def tune(
    source: Path | str,
    out: Path | str,
    data: Path | str,
    options: TuneOptions | None = None,
    annotation: Annotation | None = None,
    *,
    force: bool = False,
    say: Say = lambda _text: None,
    progress: Say = lambda _text: None,
) -> Tuned:
    """Train ``source`` on, convert it, hold the .tflite against the trained model, and write it to ``out``.

    Args:
        source: a ``.keras`` or ``.h5`` file.
        out: the .tflite.
        data: what it is trained on, as for ``read_dataset``. With classes it learns these, without it learns to
            answer as it does; every tenth sample is left out, and tells when to stop.
        options: how; None for the defaults.
        annotation: what is attached to it, and how pictures among the samples are prepared.
        force: write it though its answers differ from those of the trained model.
        say: called with a line on each step.
        progress: called, where a step takes long, with how far it is, and with an empty text when it is done.

    Raises:
        ConfigError: options are wrong, or samples.
        MissingPackageError: TensorFlow is not installed.
        ModelError: it cannot be loaded, trained or converted.
        MetadataError: the annotation does not fit it.
        TargetError: the target cannot run it.
        WriteError: it cannot be written.
    """
    options = TuneOptions() if options is None else options
    check_tuning(options)
    require_extra(Extra.CONVERT, "packager qat")
    data = Path(data)
    converter = Converter(
        Path(source), Path(out), _convert_options(options, data), annotation or Annotation(), force, say, progress
    )
    converter.check()
    with converter.session() as session:
        loaded = converter.load(session)
        dataset = read_dataset(data, loaded.basis, labelled=False)
        tuned = tune_loaded(session, converter, loaded, dataset, options)
    write_file(tuned.conversion.path, tuned.conversion.model.model.data)
    return tuned


def tune_loaded(
    session: Session, converter: Converter, loaded: LoadedSource, dataset: Dataset, options: TuneOptions
) -> Tuned:
    """Train the model that ``session`` has loaded on, and convert it; nothing is written."""
    quantize = options.quantize is Quantize.INT8
    converter.say(f"training {converter.source} on {len(dataset):,} samples, for up to {options.epochs} epochs")
    plan = TrainingPlan(
        options.epochs, quantize, options.prune, options.batch_size, options.learning_rate, options.patience
    )
    training = session.train(plan, dataset, loaded.basis)
    io = converter.options.io or (IO.INT8 if quantize else IO.FLOAT)
    data = session.convert(Settings(quantized=quantize, io="float32" if io is IO.FLOAT else str(io)))
    model = converter.annotated(data)
    items = list(dataset.items(spread(len(dataset), options.samples)))
    conversion = converter.judge(session, loaded, model, items)
    basis = loaded.basis
    pair = (basis.model.data, model.model.data)
    accuracy, asked = _accuracy((basis, model), dataset)
    return Tuned(
        conversion=conversion,
        training=training,
        bytes=(len(pair[0]), len(pair[1])),
        gzip_bytes=(len(gzip.compress(pair[0], mtime=0)), len(gzip.compress(pair[1], mtime=0))),
        accuracy=accuracy,
        asked=asked,
    )


def _convert_options(options: TuneOptions, data: Path) -> ConvertOptions:
    return ConvertOptions(
        quantize=options.quantize,
        representative=data,
        io=options.io,
        target=options.target,
        trust=options.trust,
        time_limit=options.time_limit,
    )


def _accuracy(
    models: tuple[AnnotatedModel, AnnotatedModel], dataset: Dataset
) -> tuple[tuple[float, float] | None, int]:
    """How often each names the right class first, of the samples that are not trained on, and how many these are."""
    chosen = held_out(len(dataset))[:_MOST_ASKED]
    if dataset.classes is None or len(models[0].outputs) != 1 or models[0].outputs[0].tensor.size < 2:
        return None, 0
    items = list(dataset.items(chosen))
    parts = []
    for model in models:
        answers = run_model(model.model, [item.tensors(model) for item in items], Runtime.LITERT)
        best = [int(np.argmax(outputs[0])) for outputs in answers]
        parts.append(float(np.mean(np.array(best) == np.array(dataset.classes)[chosen])))
    return (parts[0], parts[1]), len(chosen)
