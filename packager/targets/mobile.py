"""What an Android module and an iOS package say alike: of a class, of what it is given, and of its answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packager.render.naming import camel_case, unique
from packager.targets.litert import ENDINGS
from packager.targets.target import task_layers
from packager.tasks import Activation, AnswerKind, CropMode, Head, InputKind, MaskForm

if TYPE_CHECKING:
    from packager.annotated import AnnotatedModel, Port
    from packager.model import Model
    from packager.tasks.boxes import Boxes
    from packager.tasks.classes import Classes
    from packager.tasks.keypoints import Keypoints
    from packager.tasks.mask import Mask
    from packager.tasks.text import TextInput

# The golden cases that prove an accelerator are in every app: the smallest, and more of them within this.
PROOF_BYTES = 100_000

# The answers that an app to try a model draws over their picture.
DRAWN = (AnswerKind.BOXES, AnswerKind.MASK, AnswerKind.KEYPOINTS)
# What the class is for, behind its title.
_PURPOSES = {
    AnswerKind.CLASSES: ": names the best of {labels:,} labels for {given}",
    AnswerKind.BOXES: ": finds objects in {given}",
    AnswerKind.MASK: ": tells what the pixels of {given} show",
    AnswerKind.KEYPOINTS: ": finds points of bodies, faces or hands in {given}",
    AnswerKind.TENSORS: ": makes numbers of {given}",
}
_GIVEN = {
    InputKind.IMAGE: "a picture",
    InputKind.AUDIO: "a sound",
    InputKind.TEXT: "a text",
    InputKind.TENSORS: "arrays",
}


def ending(input: InputKind, answer: AnswerKind) -> str:
    """What the name of the class ends in."""
    return "Model" if input is InputKind.TENSORS and answer is AnswerKind.TENSORS else ENDINGS[answer]


def purpose(input: InputKind, answer: AnswerKind, labels: int) -> str:
    """What the class is for, behind its title; of plain arrays there is nothing to say."""
    if input is InputKind.TENSORS and answer is AnswerKind.TENSORS:
        return ""
    return _PURPOSES[answer].format(labels=labels, given=_GIVEN[input])


def port_names(ports: tuple[Port, ...], taken: tuple[str, ...] = ()) -> tuple[str, ...]:
    """What code calls inputs or outputs: none twice, and none as one of ``taken``."""
    return unique([*taken, *(camel_case(port.name) for port in ports)], "")[len(taken) :]


def has_state(model: Model) -> bool:
    """Whether the model keeps something from one run to the next."""
    return any(tensor.is_variable for graph in model.subgraphs for tensor in graph.tensors)


# --- what is given ----------------------------------------


@dataclass(frozen=True)
class TextContext:
    """A text, of ``length`` tokens; ``pattern`` is what stands between tokens, empty for WordPiece.

    ``plural`` follows a word for what holds the tokens.
    """

    kind = InputKind.TEXT

    plural: str
    length: int
    is_uncased: bool
    pattern: str
    has_start: bool


def text(given: TextInput) -> TextContext:
    """The pattern is one of Java's and of NSRegularExpression's."""
    from packager.tasks.delimiter import jvm_pattern
    from packager.tasks.tokenizers import START, RegexTokenizer, WordPiece

    tokenizer = given.tokenizer
    return TextContext(
        plural="s" if len(given.roles) > 1 else "",
        length=given.length,
        is_uncased=isinstance(tokenizer, WordPiece) and tokenizer.is_uncased,
        pattern=jvm_pattern(tokenizer.delimiter) if isinstance(tokenizer, RegexTokenizer) else "",
        has_start=isinstance(tokenizer, RegexTokenizer) and START in tokenizer.vocabulary,
    )


# --- answers ----------------------------------------


@dataclass(frozen=True)
class OptionsContext:
    """What may be asked of an answer: how many results, from which score on, of which labels.

    ``max_results`` is None where an answer is always one. ``least`` says in words what the threshold is. ``has_iou``
    is whether boxes or poses that overlap are suppressed, by ``iou``.
    """

    max_results: int | None
    a_result: str
    results: str
    threshold: float
    least: str
    has_labels: bool = False
    has_iou: bool = False
    iou: float = 0


@dataclass(frozen=True)
class AnswerContext:
    """What every answer has.

    ``method`` is what the class calls it; ``gives`` says in words what that returns, which ``order`` continues behind
    what was given. ``options`` is None where there are none. ``is_compared`` is whether golden cases have more than
    raw outputs.
    """

    method: str
    gives: str
    order: str
    options: OptionsContext | None
    is_compared: bool


@dataclass(frozen=True)
class ClassesContext(AnswerContext):
    """Classes, in the output of that number."""

    kind = AnswerKind.CLASSES

    output: int
    class_count: int
    is_softmax: bool
    is_sigmoid: bool


def classes(answer: Classes) -> ClassesContext:
    """The best three, unless more are asked for."""
    return ClassesContext(
        method="classify",
        gives="The best classes",
        order=", best first; of equal ones the one of the lower index first",
        options=OptionsContext(
            max_results=3,
            a_result="a class",
            results="classes",
            threshold=answer.threshold,
            least="classes of a lower score are left out; none where it is 0",
            has_labels=True,
        ),
        is_compared=True,
        output=answer.output,
        class_count=len(answer.labels.default),
        is_softmax=answer.activation is Activation.SOFTMAX,
        is_sigmoid=answer.activation is Activation.SIGMOID,
    )


_BEST_FIRST = ", best first; of equal scores the first one in the output first"


@dataclass(frozen=True)
class GridContext:
    """The cells of FOMO."""

    rows: int
    columns: int


@dataclass(frozen=True)
class BoxesContext(AnswerContext):
    """Detections, as one of the heads has them.

    ``items`` is how many numbers there are of a candidate, or a cell. ``grid`` is None for the other heads.
    """

    kind = AnswerKind.BOXES

    items: int
    grid: GridContext | None
    is_yolo_v8: bool
    is_softmax: bool
    is_sigmoid: bool
    has_activation: bool


def boxes(answer: Boxes) -> BoxesContext:
    """Those heads have an activation whose scores are not finished, and are suppressed that give candidates."""
    from packager.tasks.boxes import MOST_DETECTIONS

    head = answer.head
    has_iou = head in (Head.YOLO_V5, Head.YOLO_V8)
    activation = answer.activation if has_iou or head is Head.FOMO else Activation.NONE
    rows_of = {Head.YOLO_V5: 5 + answer.class_count, Head.YOLO_V8: 4 + answer.class_count}
    shape = answer.outputs[0].shape
    return BoxesContext(
        method="detect",
        gives="The detections",
        order=_BEST_FIRST,
        options=OptionsContext(
            max_results=MOST_DETECTIONS,
            a_result="a detection",
            results="detections",
            threshold=answer.threshold,
            least="detections of a lower score are left out",
            has_labels=bool(answer.labels.default),
            has_iou=has_iou,
            iou=answer.iou,
        ),
        is_compared=True,
        items={Head.SSD: 4, Head.END_TO_END: 6, Head.FOMO: 1 + answer.class_count, **rows_of}[head],
        grid=GridContext(shape[1], shape[2]) if head is Head.FOMO else None,
        is_yolo_v8=head is Head.YOLO_V8,
        is_softmax=activation is Activation.SOFTMAX,
        is_sigmoid=activation is Activation.SIGMOID,
        has_activation=activation is not Activation.NONE,
    )


@dataclass(frozen=True)
class MaskContext(AnswerContext):
    """A class for each pixel, by one of three forms of output: scores, a probability, else class numbers."""

    kind = AnswerKind.MASK

    is_scores: bool
    is_probability: bool
    can_be_unseen: bool
    is_cropped: bool
    has_activation: bool
    height: int
    width: int
    channels: int


def mask(annotated: AnnotatedModel, answer: Mask) -> MaskContext:
    """Of a probability there is a threshold."""
    from packager.tasks.image import ImageInput

    is_cropped = isinstance(annotated.input, ImageInput) and annotated.input.crop is CropMode.CENTER_CROP
    is_probability = answer.form is MaskForm.PROBABILITY
    options = OptionsContext(
        max_results=None,
        a_result="a pixel",
        results="pixels",
        threshold=answer.threshold,
        least="the least probability of a pixel of class 1",
    )
    return MaskContext(
        method="segment",
        gives="The mask",
        order=", of the size of the region, or of the whole",
        options=options if is_probability else None,
        is_compared=True,
        is_scores=answer.form is MaskForm.SCORES,
        is_probability=is_probability,
        can_be_unseen=is_cropped or answer.form is MaskForm.CLASS_NUMBERS,
        is_cropped=is_cropped,
        has_activation=is_probability and answer.activation is not Activation.NONE,
        height=answer.height,
        width=answer.width,
        channels=answer.class_count,
    )


@dataclass(frozen=True)
class KeypointsContext(AnswerContext):
    """Points, as one of the heads has them."""

    kind = AnswerKind.KEYPOINTS

    names: tuple[str, ...]
    is_multipose: bool
    is_landmarks: bool
    threshold: float


def keypoints(answer: Keypoints) -> KeypointsContext:
    """The heads that look for one body, face or hand answer with that."""
    from packager.tasks.boxes import MOST_DETECTIONS

    head = answer.head
    options = OptionsContext(
        max_results={Head.MOVENET_MULTIPOSE: answer.tensor.shape[1], Head.YOLO_POSE: MOST_DETECTIONS}.get(head),
        a_result="a pose",
        results="poses",
        threshold=answer.threshold,
        least="poses of a lower score are left out",
        has_iou=head is Head.YOLO_POSE,
        iou=answer.iou,
    )
    return KeypointsContext(
        method="estimate",
        gives="The poses",
        order=_BEST_FIRST,
        options=None if head is Head.LANDMARKS else options,
        is_compared=True,
        names=answer.names,
        is_multipose=head is Head.MOVENET_MULTIPOSE,
        is_landmarks=head is Head.LANDMARKS,
        threshold=answer.threshold,
    )


def arrays(annotated: AnnotatedModel) -> AnswerContext:
    """Of arrays the class runs the model, and of a picture it embeds that."""
    return AnswerContext(
        method="run" if annotated.input.kind is InputKind.TENSORS else "embed",
        gives="The output" if len(annotated.outputs) == 1 else "The outputs",
        order="",
        options=None,
        is_compared=False,
    )


# --- layers ----------------------------------------


def layers(target: str, given: Any, answer: Any) -> tuple[str, ...]:
    """The folders of templates: for the kinds of the two contexts, and for what only some models of them have."""
    boxes = answer if isinstance(answer, BoxesContext) else None
    points = answer if isinstance(answer, KeypointsContext) else None
    text = given if isinstance(given, TextContext) else None
    has_iou = answer.options is not None and answer.options.has_iou
    own = {
        "yolo/out/boxes": boxes is not None and has_iou,
        "fomo/out/boxes": boxes is not None and boxes.grid is not None,
        "finished/out/boxes": boxes is not None and not has_iou and boxes.grid is None,
        "yolo/out/keypoints": points is not None and has_iou,
        "landmarks/out/keypoints": points is not None and points.is_landmarks,
        "movenet/out/keypoints": points is not None and not has_iou and not points.is_landmarks,
        "candidates": boxes is not None or (points is not None and (has_iou or points.is_multipose)),
        "suppression": has_iou,
        "regex/in/text": text is not None and bool(text.pattern),
        "wordpiece/in/text": text is not None and not text.pattern,
        "options": answer.options is not None,
    }
    return (
        *task_layers(target, given.kind, answer.kind),
        *(f"{target}/{layer}" for layer, is_used in own.items() if is_used),
    )


# --- the apps to try a model ----------------------------------------


@dataclass(frozen=True)
class BoneContext:
    """A line between two keypoints, by their numbers."""

    start: int
    end: int


def bones(names: tuple[str, ...]) -> tuple[BoneContext, ...]:
    """What lines an app draws between keypoints of these names: those of COCO's skeleton, else none."""
    from packager.tasks.keypoints import COCO_KEYPOINTS, COCO_SKELETON

    return tuple(BoneContext(*bone) for bone in COCO_SKELETON) if names == COCO_KEYPOINTS else ()
