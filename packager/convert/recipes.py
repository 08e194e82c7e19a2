"""What each recipe of quantization is, which runtime runs it, and which target takes it. No TensorFlow.

What ``RECIPES`` says of LiteRT and TensorFlow Lite Micro is measured: ``tests/convert/test_conversions.py`` converts
a small model by every recipe and fails when a runtime behaves otherwise. Of the Edge TPU it is what Coral's
"TensorFlow models on the Edge TPU" (coral.ai/docs/edgetpu/models-intro, "Model requirements") says: parameters and
activations of 8 bits, constant sizes, and operators of its table; without its compiler, nothing here can try it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from packager.convert.protocol import Settings
from packager.errors import ConfigError, TargetError
from packager.settings import Choice, Example, Setting, find_wrong_type


class Quantize(Choice):
    """The recipes by name."""

    NONE = "none", "float32 throughout"
    DYNAMIC = "dynamic", "int8 weights; activations are quantized anew in each inference"
    FLOAT16 = "float16", "float16 weights, float32 activations"
    INT8 = "int8", "int8 weights and activations, int8 in and out"
    INT16X8 = "int16x8", "int8 weights, int16 activations"
    WEIGHTS_INT8 = "weights-int8", "int8 weights, float32 activations"
    WEIGHTS_INT4 = "weights-int4", "4-bit weights, float32 activations"
    DYNAMIC_INT4 = "dynamic-int4", "4-bit weights; activations are quantized anew in each inference"
    DYNAMIC_INT4_BLOCK32 = "dynamic-int4-block32", "the same for dense layers alone, a scale for each 32 weights"


class IO(Choice):
    """What goes in and comes out where the model has floats."""

    FLOAT = "float", "float32"
    INT8 = "int8", "quantized: int8"
    UINT8 = "uint8", "quantized: uint8"


class Ops(Choice):
    """Which operators the .tflite may use."""

    BUILTINS = "builtins", "those that every runtime has"
    SELECT_TF = "select-tf", "TensorFlow's own too, which no target of this tool runs"


class Optimize(Choice):
    """TensorFlow's older names for what quantizes weights."""

    DEFAULT = "default"
    SIZE = "size"
    LATENCY = "latency"


# What TensorFlow says of them in tf.lite.Optimize: "Deprecated. Does the same as DEFAULT."
OPTIMIZE_NOTE = (
    "note: this has no effect: in TensorFlow default, size and latency have long been one, and mean that "
    "weights are quantized. Name the recipe: dynamic is what they do alone, int8 what they do with samples."
)


class ConvertTarget(Choice):
    """Where the .tflite is to run."""

    MICRO = "micro", "TensorFlow Lite Micro"
    ANDROID = "android", "LiteRT"
    IOS = "ios", "LiteRT"
    PI = "pi", "LiteRT"
    CORAL = "coral", "the compiler of the Edge TPU"


class Engine(StrEnum):
    """What runs a .tflite, as far as recipes are concerned."""

    LITERT = "LiteRT"
    MICRO = "TensorFlow Lite Micro"
    EDGE_TPU = "the Edge TPU"


@dataclass(frozen=True)
class Recipe:
    """A recipe: what becomes of weights and activations.

    ``weight_bits`` and ``activation_bits`` are those of numbers in the file, 32 where they stay floats, and decide
    how far answers may be from those of the source. ``needs_samples`` is whether it is calibrated on representative
    ones. ``settings`` are those of TensorFlow's converter, None where only litert-quantizer has the recipe;
    ``refused`` says by runtime why it does not run there.
    """

    quantize: Quantize
    weight_bits: int
    activation_bits: int
    needs_samples: bool = False
    settings: Settings | None = None
    refused: Mapping[Engine, str] = field(default_factory=dict)

    @property
    def default_io(self) -> IO:
        """The type of inputs and outputs where nobody asks for another."""
        return IO.INT8 if self.quantize is Quantize.INT8 else IO.FLOAT


_HYBRID = 'it has no kernels for quantized weights beside float32 activations ("Hybrid models are not supported")'
_FULL_INT8 = "it computes in 8 bits only, weights and activations"
_FLOAT16 = "it has no kernels that make floats of float16 weights"
_NO_INT4 = "it has no kernels that make floats of 4-bit weights"
# It loads and answers, with numbers that are wrong.
_ONE_SCALE = "it takes the scale of the first channel for all when it makes floats of int8 weights, and answers wrong"


def _not(edge: str = _FULL_INT8, micro: str = "") -> dict[Engine, str]:
    return {Engine.EDGE_TPU: edge, **({Engine.MICRO: micro} if micro else {})}


RECIPES: dict[Quantize, Recipe] = {
    recipe.quantize: recipe
    for recipe in (
        Recipe(Quantize.NONE, 32, 32, settings=Settings(), refused=_not()),
        Recipe(Quantize.DYNAMIC, 8, 8, settings=Settings(quantized=True), refused=_not(micro=_HYBRID)),
        Recipe(
            Quantize.FLOAT16, 11, 32, settings=Settings(quantized=True, float16=True), refused=_not(micro=_FLOAT16)
        ),
        Recipe(Quantize.INT8, 8, 8, needs_samples=True, settings=Settings(quantized=True, activations="int8")),
        Recipe(
            Quantize.INT16X8,
            8,
            16,
            needs_samples=True,
            settings=Settings(quantized=True, activations="int16"),
            refused=_not(),
        ),
        Recipe(Quantize.WEIGHTS_INT8, 8, 32, refused=_not(micro=_ONE_SCALE)),
        Recipe(Quantize.WEIGHTS_INT4, 4, 32, refused=_not(micro=_NO_INT4)),
        Recipe(Quantize.DYNAMIC_INT4, 4, 8, refused=_not(micro=_HYBRID)),
        Recipe(Quantize.DYNAMIC_INT4_BLOCK32, 4, 8, refused=_not(micro=_HYBRID)),
    )
}

ENGINES: dict[ConvertTarget, Engine] = {
    ConvertTarget.MICRO: Engine.MICRO,
    ConvertTarget.ANDROID: Engine.LITERT,
    ConvertTarget.IOS: Engine.LITERT,
    ConvertTarget.PI: Engine.LITERT,
    ConvertTarget.CORAL: Engine.EDGE_TPU,
}


@dataclass(frozen=True)
class LayerRule:
    """A recipe for the layers whose name has something that ``pattern`` matches."""

    pattern: str
    quantize: Quantize

    @classmethod
    def parse(cls, text: str) -> LayerRule:
        """``REGEX=RECIPE``.

        Raises:
            ConfigError: it is no such text.
        """
        pattern, _, name = text.rpartition("=")
        try:
            quantize = Quantize(name)
            re.compile(pattern)
        except (ValueError, re.error) as error:
            raise ConfigError(
                (LAYERS, f" {text!r} is no REGEX=RECIPE: {error}"),
                fix=("For example ", Example.of((LAYERS, "dense.*=weights-int4"))),
                about=LAYERS,
            ) from None
        if not pattern or quantize not in LAYER_RECIPES:
            known = ", ".join(LAYER_RECIPES)
            raise ConfigError((LAYERS, f" {text!r}: a layer takes one of {known}"), about=LAYERS)
        return cls(pattern, quantize)


# What litert-quantizer makes of a float .tflite, and so what layers can be given one by one.
LAYER_RECIPES = tuple(quantize for quantize in Quantize if quantize is not Quantize.FLOAT16)


@dataclass(frozen=True)
class SourceOptions:
    """What of a conversion is no matter of its recipe."""

    io: IO | None = field(
        default=None,
        metadata={"help": "Type of inputs and outputs: float, int8 or uint8; default: int8 for int8, else float."},
    )
    target: ConvertTarget | None = field(
        default=None,
        metadata={"help": "Where it is to run: micro, android, ios, pi or coral. What cannot run there is refused."},
    )
    trust: bool = field(default=False, metadata={"help": "Run the Python code in the file: its Lambda layers."})
    time_limit: int = field(default=3600, metadata={"help": "Seconds that a step may take."})


@dataclass(frozen=True)
class ConvertOptions(SourceOptions):
    """How a model is converted."""

    quantize: Quantize = field(
        default=Quantize.NONE,
        metadata={"help": "The recipe: " + "; ".join(f"{one} ({one.meaning})" for one in Quantize) + "."},
    )
    representative: Path | None = field(
        default=None,
        metadata={
            "help": "Samples of what the model will see: a folder of pictures, .npy, .npz or .csv. int8 and int16x8 "
            "are calibrated on them, and every recipe is tried on them."
        },
    )
    samples: int = field(default=200, metadata={"help": "How many of them are used at most, spread over all."})
    ops: Ops = field(
        default=Ops.BUILTINS,
        metadata={
            "help": "Operators: builtins, or select-tf, TensorFlow's own too, which no target of this tool runs."
        },
    )
    optimize: Optimize | None = field(
        default=None,
        metadata={"help": "TensorFlow's older name of a recipe: default, size or latency, which are all one."},
    )
    layers: tuple[LayerRule, ...] = field(
        default=(),
        metadata={"help": "Another recipe for the layers that a regular expression matches. Repeat it for more."},
    )
    shape: tuple[str, ...] = field(
        default=(),
        metadata={
            "help": "Shape of an input whose dimensions are open: 1,224,224,3 or NAME=1,16. Repeat it for more."
        },
    )


QUANTIZE = Setting(ConvertOptions, "quantize")
REPRESENTATIVE = Setting(ConvertOptions, "representative")
SAMPLES = Setting(ConvertOptions, "samples")
IO_TYPE = Setting(ConvertOptions, "io")
OPS = Setting(ConvertOptions, "ops")
TARGET = Setting(ConvertOptions, "target")
LAYERS = Setting(ConvertOptions, "layers")
SHAPE = Setting(ConvertOptions, "shape")
TRUST = Setting(ConvertOptions, "trust")
TIME_LIMIT = Setting(ConvertOptions, "time_limit")


def check_recipe(options: ConvertOptions) -> None:
    """Refuse options that contradict one another or the target, before anything is started.

    Raises:
        ConfigError: two options do not go together, or one is missing.
        TargetError: the target does not run what the recipe makes.
    """
    recipe = RECIPES[options.quantize]
    _check_target(options, recipe)
    rules = [RECIPES[rule.quantize] for rule in options.layers]
    io = options.io or recipe.default_io
    if io is not IO.FLOAT and options.quantize is not Quantize.INT8:
        raise ConfigError(
            (IO_TYPE, f" {io} needs activations of 8 bits, and ", QUANTIZE, f" {options.quantize} has none"),
            fix=("Give ", Example.of((QUANTIZE, Quantize.INT8), (IO_TYPE, io)), ", or leave it out."),
            about=IO_TYPE,
        )
    if any(one.needs_samples for one in (recipe, *rules)) and options.representative is None:
        raise ConfigError(
            (QUANTIZE, f" {options.quantize} is calibrated on samples of what the model will see"),
            fix=("Give some: ", Example.of((REPRESENTATIVE, "FOLDER_OR_FILE"))),
            about=REPRESENTATIVE,
        )
    if options.samples < 1:
        raise ConfigError((SAMPLES, " is not a whole number from 1 up"), about=SAMPLES)
    if options.time_limit < 1:
        raise ConfigError((TIME_LIMIT, " is not a whole number from 1 up"), about=TIME_LIMIT)


def _check_target(options: ConvertOptions, recipe: Recipe) -> None:
    target = options.target
    if target is None:
        return
    engine = ENGINES[target]
    for wanted in (recipe, *(RECIPES[rule.quantize] for rule in options.layers)):
        why = wanted.refused.get(engine)
        if why is not None:
            raise TargetError(
                f"{engine} does not run {wanted.quantize}: {why}",
                fix=("Convert it for this target by ", *_fitting(engine)),
                about=QUANTIZE,
            )
    if options.ops is Ops.SELECT_TF:
        raise TargetError(
            f"{engine} has none of TensorFlow's own operators",
            fix=("Leave it out, and replace what does not convert then. ", SELECT_TF_LOSSES[target]),
            about=OPS,
        )
    if target is ConvertTarget.CORAL and options.layers:
        raise TargetError("the compiler of the Edge TPU takes one recipe for all layers", about=LAYERS)


def _fitting(engine: Engine) -> tuple[Example | str, ...]:
    """The recipes that ``engine`` runs, those that people mostly want first."""
    fitting = [recipe for recipe in RECIPES.values() if engine not in recipe.refused]
    first = sorted(fitting, key=lambda recipe: recipe.quantize is not Quantize.INT8)
    parts: list[Example | str] = []
    for recipe in first:
        parts += [" or " if parts else "", Example.of((QUANTIZE, recipe.quantize))]
    return (*parts, ".")


@dataclass(frozen=True)
class TuneOptions(SourceOptions):
    """How a model is trained on."""

    epochs: int = field(
        default=5, metadata={"help": "Epochs that it is trained for at most; pruning takes as many before them."}
    )
    prune: float | None = field(
        default=None, metadata={"help": "Part of the weights that become zero: 0.8 leaves a fifth."}
    )
    quantize: Quantize = field(
        default=Quantize.INT8,
        metadata={"help": "int8, or none, for a float model with zeros."},
    )
    batch_size: int = field(default=32, metadata={"help": "Samples of a step of training."})
    learning_rate: float = field(default=1e-4, metadata={"help": "How far a step of training goes."})
    patience: int = field(
        default=3, metadata={"help": "Epochs without a smaller loss on what is not trained on, after which it ends."}
    )
    samples: int = field(default=200, metadata={"help": "On how many the result is held against the trained model."})


TUNE_EPOCHS = Setting(TuneOptions, "epochs")
TUNE_PRUNE = Setting(TuneOptions, "prune")
TUNE_QUANTIZE = Setting(TuneOptions, "quantize")
TUNE_BATCH_SIZE = Setting(TuneOptions, "batch_size")
TUNE_LEARNING_RATE = Setting(TuneOptions, "learning_rate")
TUNE_PATIENCE = Setting(TuneOptions, "patience")


def check_tuning(options: TuneOptions) -> None:
    """Refuse options that are out of range, or contradict one another.

    Raises:
        ConfigError: they do.
    """
    wrong = find_wrong_type(options)
    if wrong is not None:
        raise ConfigError(wrong, about=wrong[0])
    for setting, value in (
        (TUNE_EPOCHS, options.epochs),
        (TUNE_BATCH_SIZE, options.batch_size),
        (TUNE_PATIENCE, options.patience),
    ):
        if value < 1:
            raise ConfigError((setting, " is not a whole number from 1 up"), about=setting)
    if not 0 < options.learning_rate < 1:
        raise ConfigError((TUNE_LEARNING_RATE, " is not between 0 and 1"), about=TUNE_LEARNING_RATE)
    if options.prune is not None and not 0 < options.prune < 1:
        raise ConfigError((TUNE_PRUNE, " is not between 0 and 1"), about=TUNE_PRUNE)
    if options.quantize not in (Quantize.INT8, Quantize.NONE):
        raise ConfigError((TUNE_QUANTIZE, " is int8 or none: what is trained with is int8"), about=TUNE_QUANTIZE)
    if options.quantize is Quantize.NONE and options.prune is None:
        raise ConfigError(
            (TUNE_QUANTIZE, " none leaves nothing to train for"),
            fix=("Leave it out, or add ", Example.of((TUNE_PRUNE, 0.8))),
            about=TUNE_QUANTIZE,
        )


# What a .tflite with TensorFlow's own operators loses where. TensorFlow's guide "Select TensorFlow operators"
# (ai.google.dev/edge/litert/models/ops_select); LiteRT 2 has no such delegate (google-ai-edge/LiteRT#6458).
SELECT_TF_LOSSES: dict[ConvertTarget, str] = {
    ConvertTarget.MICRO: "TensorFlow Lite Micro cannot run it at all.",
    ConvertTarget.ANDROID: "LiteRT 2 has no delegate for it; it takes org.tensorflow:tensorflow-lite with "
    "tensorflow-lite-select-tf-ops, of which 2.16.1 was the last.",
    ConvertTarget.IOS: "It takes the pod TensorFlowLiteSelectTfOps beside TensorFlowLiteC, which adds all of "
    "TensorFlow to the app.",
    ConvertTarget.PI: "ai-edge-litert has no delegate for it; it takes all of TensorFlow.",
    ConvertTarget.CORAL: "The compiler of the Edge TPU leaves it to the CPU, where ai-edge-litert has no delegate "
    "for it.",
}
