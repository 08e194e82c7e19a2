"""What the child process could not do, in words that say what to do next. No TensorFlow."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packager.convert.protocol import Reason
from packager.convert.recipes import LAYERS, OPS, QUANTIZE, REPRESENTATIVE, SAMPLES, SHAPE, TRUST, Ops, Quantize
from packager.errors import ModelError
from packager.settings import Example, Text

Facts = Mapping[str, Any]

_MESSAGE_LENGTH = 400
_EXPORT = "where its code is, export it by model.export('folder'), and convert that folder"


@dataclass(frozen=True)
class _Words:
    """The parts of an error."""

    what: Text
    fix: Text | None = None
    details: Sequence[Text] = ()


def explain(reason: Reason, facts: Facts, path: Path | None) -> ModelError:
    """The error for a refusal of the worker about the model at ``path``."""
    words = _WORDS[reason](facts)
    return ModelError(words.what, where=path, fix=words.fix, details=words.details)


def _told(facts: Facts) -> str:
    """An exception in one line."""
    message = _short(str(facts.get("message", "")))
    return f"{facts['type']}: {message}" if message else str(facts["type"])


def _short(message: str) -> str:
    # Keras writes its messages in bold.
    message = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", message).split())
    return message if len(message) <= _MESSAGE_LENGTH else message[:_MESSAGE_LENGTH] + "…"


def _shown(shape: Sequence[int | None]) -> str:
    return "[" + ", ".join("?" if size is None else str(size) for size in shape) + "]"


def _unreadable(facts: Facts) -> _Words:
    return _Words(
        f"cannot be loaded: {_told(facts)}",
        "If it loads where it was made, the versions of Keras differ: " + _EXPORT + ".",
    )


def _lambda(_facts: Facts) -> _Words:
    return _Words(
        "has a Lambda layer, which is Python code in the file: loading it would run that code",
        ("If you trust it, add ", Example.of((TRUST, True)), "; or " + _EXPORT + ", which has no code."),
    )


def _custom(facts: Facts) -> _Words:
    return _Words(
        f"has {facts['name']}, which is none of Keras: its code is not in the file",
        f"{_EXPORT[0].upper()}{_EXPORT[1:]}, which needs no code.",
    )


def _weights_only(_facts: Facts) -> _Words:
    return _Words(
        "holds weights only, without the model that they belong to",
        "Build the model where its code is, load them there by model.load_weights(), and save it whole by "
        "model.save('model.keras').",
    )


def _never_built(_facts: Facts) -> _Words:
    return _Words(
        "was never built: it does not know the shape of its input",
        "Give it one, keras.Input(shape), or call it on a sample once; then save it again.",
    )


def _no_signature(facts: Facts) -> _Words:
    found = ", ".join(map(repr, facts["signatures"])) or "none"
    return _Words(
        f"has no signature 'serving_default', which says what goes in and comes out; it has {found}",
        "Export it by model.export('folder'), or by tf.saved_model.save(model, 'folder', signatures=function).",
    )


def _not_a_tensor(_facts: Facts) -> _Words:
    return _Words(
        "takes or gives what is no tensor (ragged or sparse ones, say)",
        "Export a function of plain tensors of fixed shape.",
    )


def _not_finite(facts: Facts) -> _Words:
    name = str(facts["weight"]).removesuffix(":0")
    layer, _, weight = name.rpartition("/")
    whose = f"the layer {layer!r} has" if layer else "it has"
    return _Words(
        f"{whose} {facts['count']:,} of {facts['size']:,} numbers of its {weight!r} infinite or not a number",
        "Its training diverged: lower the learning rate, or clip gradients, and train it again.",
    )


def _wrong_shape(facts: Facts) -> _Words:
    inputs = ", ".join(map(repr, facts["inputs"]))
    if "shape" not in facts:
        name = facts["name"]
        return _Words(
            (
                SHAPE,
                f" names {name!r}, and its inputs are {inputs}" if name else f" names none of its inputs {inputs}",
            ),
            ("Write the name before the sizes: ", Example.of((SHAPE, (f"{facts['inputs'][0]}=1,16",)))),
        )
    return _Words(
        (SHAPE, f" {_shown(facts['given'])} does not fit its input {facts['name']!r} of {_shown(facts['shape'])}"),
        "Give as many sizes as it has, the first 1 for a batch of one, and its own where it has one.",
    )


def _open_shape(facts: Facts) -> _Words:
    if facts["shape"] is None:
        return _Words("has an input without a shape", "Save it with keras.Input(shape).")
    example = Example.of((SHAPE, (",".join("1" if size is None else str(size) for size in facts["shape"]),)))
    return _Words(
        f"its input {facts['name']!r} has the open shape {_shown(facts['shape'])}, and a .tflite has a fixed one",
        ("Say which, with what you want for each 1: ", example),
    )


# --- the converter ----------------------------------------

_NO_RANDOM = "Leave out what is random or augments: it belongs before the model, and is not for inference."
_NO_TEXTS = "Make numbers of texts outside of the model: --task text-classification --vocabulary has that done."
_NO_BOXES = "Leave it out: what this tool writes for --task object-detection does it."
# What to have in the place of an operator, by an expression for its name.
_REPLACEMENTS = {
    r"Erfc?|Gelu": "Use gelu(x, approximate=True) in the place of gelu(x).",
    r"(Stateless)?(Random|Multinomial|ParameterizedTruncated).*|ImageProjectiveTransform.*": _NO_RANDOM,
    r"TensorList.*": "Give recurrent layers a fixed number of steps, keras.Input((steps, features)), and convert the "
    ".keras file rather than a SavedModel with an open batch.",
    r"(Static)?(String|RegexReplace|StaticRegex|Lookup|HashTable|Unicode).*": _NO_TEXTS,
    r"Ragged.*": "Pad what goes in to a fixed length.",
    r"(Combined)?NonMaxSuppression.*": _NO_BOXES,
    r"MatrixInverse|Cholesky|Svd|Qr": "Compute what does not depend on the input before, and keep it as a weight.",
    r"I?R?FFT\d?D?": "Compute spectra outside of the model, or by products with a constant matrix.",
}
_OPERATOR = re.compile(r"fused\[\"(?:tf\.)?(\w+):\",\s+\"([^\"]+)\"")
_NAMED_OPERATOR = re.compile(r"'tf\.(\w+)' op|operation 'tf\.(\w+)'|tf\.(\w+)\(")
_LISTED = re.compile(r"(?:Flex|Custom|TF Select) ops: ([\w, ]+)")
_UNQUANTIZED = re.compile(r"Quantization(?: to 16x8-bit)? not yet supported for op:? '?(\w+)'?")
# Functions around an operator, which are nobody's layer.
_CALLS = ("StatefulPartitionedCall", "PartitionedCall")


@dataclass(frozen=True)
class Unconverted:
    """An operator that did not convert, and the layer that it comes from; "" where the message does not tell."""

    operator: str
    layer: str


def find_unconverted(message: str, layers: Sequence[str]) -> tuple[Unconverted, ...]:
    """The operators that a message of TensorFlow's converter is about; ``layers`` are the names of Keras."""
    places: dict[str, str] = {}
    for operator, place in _OPERATOR.findall(message):
        if operator not in _CALLS:
            places.setdefault(operator, _layer(place, layers))
    named = [next(filter(None, found)) for found in _NAMED_OPERATOR.findall(message)]
    named += [name.strip() for found in _LISTED.findall(message) for name in found.split(",")]
    named = [name.removeprefix("Flex") for name in named]
    unlike = dict.fromkeys(name for name in named if name and name not in _CALLS) or places
    return tuple(Unconverted(name, places.get(name, "")) for name in unlike)


def _layer(place: str, layers: Sequence[str]) -> str:
    """The layer in ``model/layer/function/Operator@function``."""
    steps = place.partition("@")[0].rstrip(";").split("/")
    known = [step for step in steps if step in layers]
    if known:
        return known[-1]
    steps = [step for step in steps if step not in _CALLS]
    return "/".join(steps[:-1])


def _converter(facts: Facts) -> _Words:
    message = str(facts["message"])
    unquantized = _UNQUANTIZED.findall(message)
    if unquantized:
        names = ", ".join(dict.fromkeys(unquantized))
        return _Words(
            f"TensorFlow has no quantized kernel for {names}",
            (
                "Replace the layer that it comes from, leave it in floats, ",
                Example.of((LAYERS, ("NAME=none",))),
                ", or take ",
                Example.of((QUANTIZE, Quantize.FLOAT16)),
                ".",
            ),
        )
    found = find_unconverted(message, facts["layers"])
    if not found:
        return _Words(
            f"TensorFlow's converter refuses it: {_told(facts)}",
            ("Try ", Example.of((OPS, Ops.SELECT_TF)), ", or leave out layers until it converts."),
        )
    details = [_replacement(one) for one in found[1:]]
    first = found[0]
    what = f"LiteRT has no operator for tf.{first.operator}" + (
        f" of the layer {first.layer!r}" if first.layer else ""
    )
    loops = first.operator.startswith("TensorList")
    replaced = _hint(first.operator) or (
        "Replace that layer by one of other operators, or compute that part outside of the model."
    )
    return _Words(
        what,
        (replaced,)
        if loops or facts["select_tf"]
        else (replaced, " Or keep it as TensorFlow's own: ", Example.of((OPS, Ops.SELECT_TF))),
        details,
    )


def _hint(operator: str) -> str | None:
    return next((hint for name, hint in _REPLACEMENTS.items() if re.fullmatch(name, operator)), None)


def _replacement(one: Unconverted) -> str:
    of = f" of the layer {one.layer!r}" if one.layer else ""
    return f"and for tf.{one.operator}{of}: {_hint(one.operator) or 'replace that too'}"


def _calibration(facts: Facts) -> _Words:
    return _Words(
        f"calibrating it on the representative samples failed: {_told(facts)}",
        ("See that the samples are what the model takes: ", REPRESENTATIVE, "."),
    )


def _quantizer(facts: Facts) -> _Words:
    message = str(facts["message"])
    if "divisible by block size" in message:
        tensor = re.search(r"for tensor: (.+?)\. Error", message)
        name = f"the weights {tensor[1]!r}" if tensor else "some weights"
        return _Words(
            f"{name} do not come in whole blocks of 32",
            ("Leave that layer out, ", Example.of((LAYERS, ("NAME=none",))), ", or take a recipe without blocks."),
        )
    return _Words(f"litert-quantizer refuses it: {_told(facts)}", "Try another recipe.")


def _prediction(facts: Facts) -> _Words:
    return _Words(
        f"cannot run: {_told(facts)}",
        ("See that what goes in has the shape that the model takes: ", SHAPE, " fills in what is open."),
    )


def _memory(_facts: Facts) -> _Words:
    return _Words("there is too little memory for it", ("Take fewer samples: ", Example.of((SAMPLES, 20))))


def _says(facts: Facts) -> _Words:
    where = facts.get("where")
    return _Words(facts["what"] if where is None else f"{where}: {facts['what']}", facts.get("fix"))


def _bug(facts: Facts) -> _Words:
    return _Words(f"failed: {_told(facts)} ({facts['place']})", "Try another recipe, and report it.")


_WORDS: dict[Reason, Callable[[Facts], _Words]] = {
    Reason.UNREADABLE: _unreadable,
    Reason.LAMBDA: _lambda,
    Reason.CUSTOM: _custom,
    Reason.WEIGHTS_ONLY: _weights_only,
    Reason.NEVER_BUILT: _never_built,
    Reason.NO_SIGNATURE: _no_signature,
    Reason.NOT_A_TENSOR: _not_a_tensor,
    Reason.NOT_FINITE: _not_finite,
    Reason.WRONG_SHAPE: _wrong_shape,
    Reason.OPEN_SHAPE: _open_shape,
    Reason.CONVERTER: _converter,
    Reason.CALIBRATION: _calibration,
    Reason.QUANTIZER: _quantizer,
    Reason.PREDICTION: _prediction,
    Reason.MEMORY: _memory,
    Reason.SAYS: _says,
    Reason.BUG: _bug,
}
