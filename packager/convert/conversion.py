"""The job of ``packager convert``: from a Keras model to an annotated .tflite that answers as it does."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from packager.annotated import AnnotatedModel, annotated_model
from packager.convert.agreement import Agreement, compare, needed_snr
from packager.convert.protocol import QuantizerRule, Settings
from packager.convert.recipes import (
    IO,
    IO_TYPE,
    LAYERS,
    OPTIMIZE_NOTE,
    QUANTIZE,
    RECIPES,
    SELECT_TF_LOSSES,
    SHAPE,
    ConvertOptions,
    ConvertTarget,
    Ops,
    Quantize,
    Recipe,
    check_recipe,
)
from packager.convert.session import Session, Source
from packager.dataset import read_dataset
from packager.dataset.items import ArraysItem, Item
from packager.errors import ConfigError, ModelError, TargetError
from packager.extras import Extra, require_extra
from packager.finding import is_file, is_folder
from packager.golden.running import run_model
from packager.golden.samples import input_bytes, read_samples
from packager.metadata.attach import Annotation, annotate
from packager.metadata.embedding import strip
from packager.model import Model, parse_model, read_model
from packager.runtimes import Runtime
from packager.settings import FORCE, Example, Part, Text, find_wrong_type
from packager.targets import load_target
from packager.targets.edge_tpu import edge_tpu_problems
from packager.targets.target import Level, Problem
from packager.tasks.kinds import Array
from packager.terminal import counted
from packager.writing import write_file

Say = Callable[[str], None]

# Bytes of outputs, of all samples, that are compared at most.
_COMPARED_BYTES = 1 << 28


def _silent(_text: str) -> None:
    """What a caller who wants no messages gets."""


@dataclass(frozen=True)
class Conversion:
    """What a conversion did.

    ``agreement`` is that with the source, None where no runtime here runs the operators of it; ``samples`` is how
    many were used, made-up ones where ``representative`` is None; ``warnings`` are what the target has to say, and
    what is lost.
    """

    path: Path
    model: AnnotatedModel
    source: Path
    quantize: Quantize
    representative: Path | None
    samples: int
    agreement: Agreement | None
    warnings: tuple[Problem, ...]

    def lines(self) -> tuple[str, ...]:
        """What people are told of it."""
        told = f"wrote {self.path} ({len(self.model.model.data):,} bytes)"
        if self.agreement is None:
            return (told,)
        kind, worst = "made-up samples" if self.representative is None else "samples", self.agreement.worst
        snr = "the same answers" if math.isinf(worst.snr_db) else f"{worst.snr_db:.1f} dB of signal over noise"
        top1 = "" if worst.top1 is None else f", the same class first in {worst.top1:.1%}"
        ran = f"{self.agreement.runtime}, {self.agreement.samples} {kind}"
        needed = f"at least {worst.needed_db:.1f}"
        if worst.snr_db < worst.needed_db and worst.agrees:
            needed += f", or differences of less than {worst.step:.3g}, the step of its output, as here"
        return told, f"{ran}: {snr} ({needed}){top1}"

    def to_json(self) -> dict[str, Any]:
        """The same as JSON."""
        return {
            "path": str(self.path),
            "bytes": len(self.model.model.data),
            "sha256": self.model.model.sha256,
            "quantize": str(self.quantize),
            "samples": self.samples,
            "made_up": self.representative is None,
            "agreement": None
            if self.agreement is None
            else {
                "runtime": self.agreement.runtime,
                "agrees": self.agreement.agrees,
                "outputs": [
                    {
                        "name": output.name,
                        "snr_db": output.snr_db,
                        "needed_db": output.needed_db,
                        "max": output.largest,
                        "rms": output.rms,
                        "top1": output.top1,
                    }
                    for output in self.agreement.outputs
                ],
            },
            "warnings": [{"what": problem.what, "fix": problem.fix} for problem in self.warnings],
        }


def convert_model(
    source: Path | str,
    out: Path | str,
    options: ConvertOptions | None = None,
    annotation: Annotation | None = None,
    *,
    force: bool = False,
    session: Session | None = None,
    say: Say = _silent,
    progress: Say = _silent,
) -> Conversion:
    """Convert ``source``, annotate the .tflite, hold it against the source, and write it to ``out``.

    The same source, options and samples give the same bytes.

    Args:
        source: a ``.keras`` or ``.h5`` file, the folder of a SavedModel, or a float .tflite.
        out: the .tflite; a link there stays one.
        options: how; None for the defaults.
        annotation: what is attached to it, and how pictures among the samples are prepared.
        force: write it though its answers differ from those of the source.
        session: what has loaded the source already, for several conversions of it; None starts one.
        say: called with a line on each step.
        progress: called, where a step takes long, with how far it is, and with an empty text when it is done.

    Raises:
        ConfigError: options are wrong, or samples.
        MissingPackageError: TensorFlow or litert-quantizer is not installed.
        ModelError: it cannot be loaded or converted, or answers otherwise than the source.
        MetadataError: the annotation does not fit it.
        TargetError: the target cannot run it.
        WriteError: it cannot be written.
    """
    options = ConvertOptions() if options is None else options
    wrong = find_wrong_type(options)
    if wrong is not None:
        raise ConfigError(wrong, about=wrong[0])
    work = Converter(Path(source), Path(out), options, annotation or Annotation(), force, say, progress)
    work.check()
    with work.session() if session is None else nullcontext(session) as opened:
        loaded = work.load(opened)
        conversion = work.convert(opened, loaded, work.items(loaded.basis))
    write_file(conversion.path, conversion.model.model.data)
    return conversion


@dataclass(frozen=True)
class LoadedSource:
    """A source in a session: what Keras says of it, None of a .tflite, and the .tflite that it is as floats."""

    keras: Source | None
    basis: AnnotatedModel


@dataclass(frozen=True)
class Converter:
    """The steps of ``convert``, for what makes several .tflite of one source; see there for the fields."""

    source: Path
    out: Path
    options: ConvertOptions
    annotation: Annotation
    force: bool
    say: Say
    progress: Say

    def check(self) -> None:
        """See that the options go together, that the source is there, and that what they need is installed."""
        check_recipe(self.options)
        if self.options.optimize is not None:
            self.say(OPTIMIZE_NOTE)
        self._require_extras(self._is_tflite)
        _check_source(self.source)

    @property
    def _is_tflite(self) -> bool:
        return self.source.suffix.lower() == ".tflite"

    def session(self) -> Session:
        """A session for it."""
        return Session(progress=self.progress, time_limit=self.options.time_limit)

    def load(self, session: Session) -> LoadedSource:
        """Load the source, and convert it as it is."""
        keras = None if self._is_tflite else self._load(session)
        return LoadedSource(keras, self._basis(session, keras))

    def convert(self, session: Session, loaded: LoadedSource, items: Sequence[Item]) -> Conversion:
        """Convert by the recipe, calibrated on ``items`` and held against the source on them; nothing is written."""
        model = self._quantized(session, loaded.basis, items, loaded.keras is None)
        return self.judge(session, loaded, model, items)

    def judge(
        self, session: Session, loaded: LoadedSource, model: AnnotatedModel, items: Sequence[Item]
    ) -> Conversion:
        """Hold a .tflite of the source against the target's rules, and against what the session answers."""
        warnings = self._check_target(model.model)
        agreement = None
        if not _own_operators(model.model):
            agreement = self._compare(session, loaded.keras, loaded.basis, model, items)
            warnings += tuple(_constant_problems(agreement))
        options = self.options
        return Conversion(
            self.out, model, self.source, options.quantize, options.representative, len(items), agreement, warnings
        )

    @property
    def _recipes(self) -> list[Recipe]:
        return [RECIPES[self.options.quantize], *(RECIPES[rule.quantize] for rule in self.options.layers)]

    def _uses_quantizer(self, is_tflite: bool) -> bool:
        return is_tflite or bool(self.options.layers) or RECIPES[self.options.quantize].settings is None

    def _require_extras(self, is_tflite: bool) -> None:
        if not is_tflite:
            require_extra(Extra.CONVERT, "packager convert")
        if self._uses_quantizer(is_tflite):
            require_extra(Extra.QUANTIZER, f"the recipe {self.options.quantize}")
            if Quantize.FLOAT16 in (recipe.quantize for recipe in self._recipes):
                raise ConfigError(
                    (QUANTIZE, " float16 is made of the Keras model itself, for all layers alike"),
                    fix=(
                        "Convert that, without ",
                        LAYERS,
                        ", or take ",
                        Example.of((QUANTIZE, Quantize.WEIGHTS_INT8)),
                    ),
                    about=QUANTIZE,
                )
            if self.options.io is IO.UINT8:
                raise ConfigError((IO_TYPE, " uint8 is made of the Keras model itself"), about=IO_TYPE)

    # --- from the source to a float .tflite

    def _load(self, session: Session) -> Source:
        self.say(f"loading {self.source}")
        keras = session.load(self.source, shapes=_parse_shapes(self.options.shape), trust=self.options.trust)
        for tensor in keras.inputs:
            if None in tensor.shape:
                shown = ", ".join("?" if size is None else str(size) for size in tensor.shape)
                guess = ",".join("1" if size is None else str(size) for size in tensor.shape)
                name = f"{tensor.name}=" if len(keras.inputs) > 1 else ""
                raise ModelError(
                    f"its input {tensor.name!r} has the open shape [{shown}], and a .tflite has a fixed one",
                    where=self.source,
                    fix=("Say which, with what you want for each 1: ", Example.of((SHAPE, (name + guess,)))),
                )
        return keras

    def _basis(self, session: Session, keras: Source | None) -> AnnotatedModel:
        if keras is None:
            basis = self.annotated(read_model(self.source).data)
            _check_float(basis.model, self.source)
            return basis
        self.say("converting it as it is")
        basis = self.annotated(session.convert(self._settings(Settings())))
        names = {tensor.name for tensor in basis.model.inputs}
        unused = next((tensor.name for tensor in keras.inputs if tensor.name not in names), None)
        if unused is not None:
            raise ModelError(
                f"its input {unused!r} has no part in its answer, and the converter leaves it out",
                where=self.source,
                fix="Make a model without that input, and convert that.",
            )
        return basis

    def annotated(self, data: bytes) -> AnnotatedModel:
        """A .tflite with the annotation in it."""
        model = parse_model(data, self.out)
        if self.annotation != Annotation():
            model = parse_model(annotate(model, self.annotation), self.out)
        return annotated_model(model)

    # --- samples

    def items(self, basis: AnnotatedModel) -> list[Item]:
        """The samples as they are: chosen evenly from all, or made up; those that are calibrated on first."""
        input_bytes(basis)
        if self.options.representative is None:
            return [ArraysItem("a made-up sample", sample.inputs) for sample in read_samples(basis, ())]
        dataset = read_dataset(self.options.representative, basis, labelled=False)
        return list(dataset.items(spread(len(dataset), self.options.samples)))

    # --- the recipe

    def _quantized(
        self, session: Session, basis: AnnotatedModel, items: Sequence[Item], is_tflite: bool
    ) -> AnnotatedModel:
        options = self.options
        if options.quantize is Quantize.NONE and not options.layers:
            return basis
        needs_samples = any(recipe.needs_samples for recipe in self._recipes)
        values = [item.values(basis) for item in items] if needs_samples else []
        calibrated = f", calibrated on {counted(len(items), 'sample')}" if needs_samples else ""
        self.say(f"quantizing it: {options.quantize}{' and layers' if options.layers else ''}{calibrated}")
        if self._uses_quantizer(is_tflite):
            data = session.quantize(strip(basis.model.data), list(self._rules()), values)
        else:
            settings = RECIPES[options.quantize].settings
            assert settings is not None
            io = "float32" if self._io is IO.FLOAT else str(self._io)
            data = session.convert(replace(self._settings(settings), io=io), values)
        return self.annotated(data)

    def _settings(self, settings: Settings) -> Settings:
        takes_no_loops = self.options.target in (ConvertTarget.MICRO, ConvertTarget.CORAL) or any(
            recipe.activation_bits in (8, 16) and recipe.needs_samples for recipe in self._recipes
        )
        return replace(settings, select_tf=self.options.ops is Ops.SELECT_TF, unrolled=takes_no_loops)

    @property
    def _io(self) -> IO:
        return self.options.io or RECIPES[self.options.quantize].default_io

    def _rules(self) -> Iterator[QuantizerRule]:
        yield _rule(".*", self.options.quantize)
        if self._io is IO.FLOAT and RECIPES[self.options.quantize].needs_samples:
            yield QuantizerRule(".*", "INPUT")
            yield QuantizerRule(".*", "OUTPUT")
        for layer in self.options.layers:
            yield _rule(layer.pattern, layer.quantize)

    def _check_target(self, model: Model) -> tuple[Problem, ...]:
        target, warnings = self.options.target, list(self._unquantized(model))
        own = ", ".join(_own_operators(model))
        if own:
            warnings.append(
                Problem(
                    Level.WARNING,
                    f"it has TensorFlow's own operators {own}, which nothing here runs: it was not held against the "
                    "model",
                    "Compare them where TensorFlow's delegate for such operators is.",
                )
            )
            warnings += [
                Problem(Level.WARNING, f"for {one} it has TensorFlow's own operators", SELECT_TF_LOSSES[one])
                for one in ConvertTarget
            ]
        if target is None:
            return tuple(warnings)
        find = edge_tpu_problems if target is ConvertTarget.CORAL else load_target(target).find_problems
        problems = find(model)
        errors = [problem for problem in problems if problem.level is Level.ERROR]
        if errors:
            raise TargetError(
                f"{target} cannot run it: {errors[0].what}",
                where=self.source,
                fix=errors[0].fix,
                details=[f"and: {problem.what}" for problem in errors[1:]],
            )
        return (*warnings, *problems)

    def _unquantized(self, model: Model) -> Iterator[Problem]:
        if all(recipe.weight_bits == 32 for recipe in self._recipes):
            return
        constants = [one for graph in model.subgraphs for one in graph.tensors if one.constant_bytes]
        if not any(one.is_quantized or one.dtype in ("float16", "int4", "int2") for one in constants):
            yield Problem(
                Level.WARNING,
                f"{self.options.quantize} found no weights to quantize: it is the float model",
                "dynamic leaves weights of fewer than 1,024 numbers, dynamic-int4-block32 all but dense layers.",
            )

    # --- the comparison

    def _compare(
        self,
        session: Session,
        keras: Source | None,
        basis: AnnotatedModel,
        model: AnnotatedModel,
        items: Sequence[Item],
    ) -> Agreement:
        name = self.source.name if keras is None else keras.format
        each = sum(8 * max(tensor.size, 1) for tensor in model.model.outputs)
        chosen = [items[index] for index in spread(len(items), max(1, _COMPARED_BYTES // each))]
        self.say(f"comparing it with {name} on {counted(len(chosen), 'sample')}")
        values = [item.values(basis) for item in chosen]
        expected = run_model(basis.model, values, Runtime.LITERT) if keras is None else session.predict(values)
        for number, outputs in enumerate(expected):
            if not all(np.isfinite(output).all() for output in outputs if output.dtype.kind == "f"):
                raise ModelError(
                    f"answers with what is no finite number to sample {number} of {len(expected)}",
                    where=self.source,
                    fix="Give samples of what the model was made for, prepared as in its training.",
                )
        if keras is not None:
            # By name: a SavedModel's signature may have another order than its .tflite.
            order = [[one.name for one in keras.outputs].index(tensor.name) for tensor in model.model.outputs]
            expected = [tuple(outputs[index] for index in order) for outputs in expected]
        inputs = [item.tensors(model) for item in chosen]
        needed = needed_snr(self._recipes, model.model)
        runtime = (
            load_target("micro").golden_runtime if self.options.target is ConvertTarget.MICRO else Runtime.LITERT
        )
        actual = self._run(model.model, inputs, runtime)
        agreement = Agreement(str(runtime), len(chosen), compare(expected, actual, model.model.outputs, needed))
        self._judge(agreement, name)
        return agreement

    def _run(self, model: Model, inputs: Sequence[tuple[Array, ...]], runtime: Runtime) -> list[tuple[Array, ...]]:
        try:
            return run_model(model, inputs, runtime, limit=2 * _COMPARED_BYTES >> 20)
        except ModelError as error:
            fix: Text = error.fix or _TRY[self.options.quantize]
            raise ModelError(error.what, where=self.source, fix=fix) from None

    def _judge(self, agreement: Agreement, name: str) -> None:
        worst = agreement.worst
        if agreement.agrees:
            return
        what = (
            f"its output {worst.name!r} is infinite or not a number"
            if not worst.is_finite
            else f"its output {worst.name!r} has {worst.snr_db:.1f} dB of signal over noise beside {name}, and "
            f"{self.options.quantize} needs {worst.needed_db:.1f} dB (largest difference {worst.largest:.3g})"
        )
        if self.force:
            self.say(f"warning: {what}: written all the same")
            return
        raise ModelError(
            f"the .tflite does not answer as the model does: {what}",
            where=self.source,
            fix=(*_parts(_TRY[self.options.quantize]), " To have it all the same, add ", FORCE, "."),
        )


_BROKEN: Text = (
    "Mostly a few values are far larger than all others and take the range of 8 bits. Calibrate on more, and more "
    "usual, samples; normalize the inputs; try ",
    Example.of((QUANTIZE, Quantize.INT16X8)),
    " or float16; leave the layer in floats, ",
    Example.of((LAYERS, ("NAME=none",))),
    "; or train it with quantization.",
)
_TRY: dict[Quantize, Text] = dict.fromkeys(Quantize, "Try a recipe of more bits: int8, int16x8, float16 or none.") | {
    Quantize.NONE: "A layer that is random or keeps a state answers so: leave it out, or report the model.",
    Quantize.FLOAT16: "Weights or activations beyond 65,504 do not fit float16: take none, dynamic or int8.",
    Quantize.INT8: _BROKEN,
    Quantize.DYNAMIC: _BROKEN,
    Quantize.INT16X8: "Calibrate on more, and more usual, samples, or take float16.",
}


def _own_operators(model: Model) -> list[str]:
    """TensorFlow's own operators in it."""
    return sorted(
        {operator.name for operator, _ in model.operators if operator.custom and operator.name.startswith("Flex")}
    )


def _constant_problems(agreement: Agreement) -> Iterator[Problem]:
    for output in agreement.outputs:
        if output.is_constant:
            yield Problem(
                Level.WARNING,
                f"the output {output.name!r} is the same for all samples: that it agrees proves nothing",
                "Give samples of what the model was made for, prepared as in its training, or train it first.",
            )


def _parts(text: Text) -> tuple[Part, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def spread(count: int, most: int) -> list[int]:
    """At most ``most`` numbers below ``count``, evenly spread."""
    chosen = min(count, most)
    return [number * count // chosen for number in range(chosen)]


def _rule(pattern: str, quantize: Quantize) -> QuantizerRule:
    match quantize:
        case Quantize.NONE:
            return QuantizerRule(pattern, "none")
        case Quantize.INT8 | Quantize.INT16X8:
            return QuantizerRule(pattern, "static", 8, RECIPES[quantize].activation_bits)
        case _:
            kind = "weights" if quantize.startswith("weights") else "dynamic"
            return QuantizerRule(pattern, kind, RECIPES[quantize].weight_bits, block=32 if "block" in quantize else 0)


def _check_source(source: Path) -> None:
    """Refuse what is nothing that can be converted."""
    if is_folder(source):
        if is_file(source / "saved_model.pb"):
            return
        raise ConfigError(
            "is no SavedModel: it has no saved_model.pb",
            where=source,
            fix="Export one by model.export('folder'), or give a .keras or .h5 file.",
        )
    if not is_file(source):
        raise ConfigError("does not exist", where=source)
    if source.suffix.lower() not in (".keras", ".h5", ".hdf5", ".tflite"):
        raise ConfigError(
            "is no .keras, .h5 or .tflite file, nor the folder of a SavedModel",
            where=source,
            fix="Save the model by model.save('model.keras'), and convert that.",
        )


def _check_float(model: Model, source: Path) -> None:
    quantized = next((one for graph in model.subgraphs for one in graph.tensors if one.is_quantized), None)
    if quantized is not None:
        raise ModelError(
            f"is quantized already (its tensor {quantized.name!r})",
            where=source,
            fix="Give the Keras model, or its .tflite as --quantize none makes it.",
        )


def _parse_shapes(texts: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """``1,224,224,3`` or ``NAME=1,16``; "" is the name of an only input."""
    shapes = {}
    for text in texts:
        name, _, sizes = text.rpartition("=")
        try:
            shapes[name] = tuple(int(size) for size in sizes.split(","))
        except ValueError:
            raise ConfigError(
                (SHAPE, f" {text!r} is no list of whole numbers with commas between them"),
                fix=("For example ", Example.of((SHAPE, ("1,224,224,3",)))),
                about=SHAPE,
            ) from None
    return shapes
