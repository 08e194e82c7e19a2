"""What a model's inputs and outputs could be, told by their shapes and by the graph's operators; nothing is run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from packager.model import Model, Tensor
from packager.tasks import Activation, AnswerKind, Head, MaskForm, Task

SSD_OPERATOR = "TFLite_Detection_PostProcess"
# The ranks of its outputs, in its own order: boxes [1, N, 4], classes [1, N], scores [1, N] and their number [1].
SSD_RANKS = (3, 2, 2, 1)
# A FOMO net is cut where its picture is an eighth as high and wide.
_FOMO_STRIDE = 8
# The heads that a task can have.
HEADS = {
    AnswerKind.BOXES: (Head.SSD, Head.YOLO_V5, Head.YOLO_V8, Head.END_TO_END, Head.FOMO),
    AnswerKind.KEYPOINTS: (Head.MOVENET, Head.MOVENET_MULTIPOSE, Head.YOLO_POSE, Head.LANDMARKS),
}
# Of each body in [1, bodies, 56]: x, y and score of 17 points, a box and its score.
_MULTIPOSE_ITEMS = 56


@dataclass(frozen=True)
class ImageLayout:
    """How an image input lies in memory: [1, height, width, channels], or [1, channels, height, width] if planar.

    A gray one may be [1, height, width] too.
    """

    height: int
    width: int
    channels: int
    is_planar: bool


def image_layout(tensor: Tensor) -> ImageLayout | None:
    """The layout of an image input of 1 or 3 channels, the last axis first asked; None where it is no picture's."""
    shape = tensor.shape
    if len(shape) not in (3, 4) or shape[0] != 1 or min(shape) < 1:
        return None
    if len(shape) == 3:
        return ImageLayout(shape[1], shape[2], 1, is_planar=False)
    if shape[3] in (1, 3):
        return ImageLayout(shape[1], shape[2], shape[3], is_planar=False)
    if shape[1] in (1, 3):
        return ImageLayout(shape[2], shape[3], shape[1], is_planar=True)
    return None


def text_misfit(model: Model) -> str | None:
    """Why the model's inputs are not those of a text's tokens; None where they can be."""
    shapes = [tensor.shape for tensor in model.inputs]
    length = shapes[0][-1] if shapes and shapes[0] else 0
    fits = (
        1 <= len(shapes) <= 3
        and length >= 2  # BERT's two special tokens
        and all(shape in ((1, length), (length,)) for shape in shapes)
        and all(tensor.dtype in ("int32", "int64") and not tensor.is_quantized for tensor in model.inputs)
        and not any(tensor.is_dynamic for tensor in model.inputs)
    )
    if fits:
        return None
    # A model may have a thousand of them.
    found = [f"{list(tensor.shape_signature)} of {tensor.dtype}" for tensor in model.inputs[:4]]
    return (
        "a text goes in as the numbers of its tokens, in one to three inputs [1, length] of int32, and this model "
        f"takes {' and '.join(found) or 'nothing'}{' and more' if len(shapes) > 4 else ''}"
    )


def text_roles(model: Model, names: Sequence[str]) -> tuple[str, ...] | None:
    """What each input of a text model is, ``ids``, ``mask`` or ``segment_ids``; None where that is not to be told.

    ``names`` are those in the metadata. These count where they are the three words, which is what MediaPipe asks for;
    else the graph's own, such as input_word_ids, attention_mask and token_type_ids, tell.
    """
    count = len(model.inputs)
    wanted = _TEXT_ROLES[:count]
    if count == 1:
        return wanted
    told = (tuple(names), tuple(_text_role(tensor.name.lower()) for tensor in model.inputs))
    return next((roles for roles in told if sorted(roles) == sorted(wanted)), None)


_TEXT_ROLES = ("ids", "mask", "segment_ids")


def _text_role(name: str) -> str:
    if "mask" in name:
        return "mask"
    if "segment" in name or "type_id" in name:
        return "segment_ids"
    return "ids" if "ids" in name else ""


def ssd_roles(model: Model) -> tuple[int, ...] | None:
    """Which of the model's four outputs are boxes, classes, scores and their number; None for another number of them.

    The detection operator's own order tells; where a converter put something behind it, the order in which the
    tensors were made, which is also how tflite-support tells them.
    """
    indices = model.main.outputs
    if not len(indices) == len(set(indices)) == 4:
        return None
    own = [node.outputs for node in model.main.nodes if node.operator.name == SSD_OPERATOR]
    order = own[0] if own and sorted(own[0]) == sorted(indices) else sorted(indices)
    return tuple(indices.index(index) for index in order)


def head_fits(model: Model, head: Head) -> bool:
    """Whether the outputs can be laid out as ``head`` says."""
    if head is Head.SSD:
        roles = ssd_roles(model) or ()
        # The operator sizes its outputs at run time, so mostly they have no shape in the file.
        return len(roles) == 4 and all(
            len(model.outputs[index].shape) in (0, rank) for index, rank in zip(roles, SSD_RANKS, strict=True)
        )
    if head is Head.LANDMARKS:
        return any(landmark_items(tensor) for tensor in model.outputs)
    shape = model.outputs[0].shape if len(model.outputs) == 1 else ()
    if not shape or shape[0] != 1 or min(shape) < 1:
        return False
    match head, shape:
        case Head.YOLO_V5, (_, _, last):
            return last > 5
        case Head.YOLO_V8, (_, first, _):
            return first > 4
        case Head.END_TO_END, (_, _, last):
            return last == 6
        case Head.FOMO, (_, height, width, channels):
            return channels > 1 and _is_eighth(model, height, width)
        case Head.MOVENET, (_, 1, points, 3):
            return points > 1
        case Head.MOVENET_MULTIPOSE, (_, bodies, last):
            return last == _MULTIPOSE_ITEMS and bodies <= last
        case Head.YOLO_POSE, (_, first, last):
            return first >= 8 and (first - 5) % 3 == 0 and first <= last
        case _:
            return False


def _is_eighth(model: Model, height: int, width: int) -> bool:
    layout = image_layout(model.inputs[0]) if len(model.inputs) == 1 else None
    # Convolutions that pad round up, others down.
    return layout is not None and all(
        grid in (side // _FOMO_STRIDE, -(-side // _FOMO_STRIDE))
        for grid, side in ((height, layout.height), (width, layout.width))
    )


def find_heads(model: Model, task: Task, classes: int | None = None) -> tuple[Head, ...]:
    """The heads that the outputs of a detector, or of a pose model, could be; more than one where shapes allow it.

    ``classes`` is the number of labels where it is known: [1, N, 6] is end-to-end or, with one class only, YOLO v5;
    a box of YOLO v8 lies along the shorter side of [1, 4 + C, N] and one of v5 along that of [1, N, 5 + C], unless
    the number of labels fits one of the two alone. Every vector whose length 2 or 3 divides could be landmarks.
    """
    if task is Task.OBJECT_DETECTION:
        heads = [head for head in (Head.SSD, Head.FOMO, Head.END_TO_END) if head_fits(model, head)]
        if heads != [Head.END_TO_END]:
            return tuple(heads) or _yolo_heads(model, classes)
        _, candidates, items = model.outputs[0].shape
        return (Head.END_TO_END, Head.YOLO_V5) if candidates > items and classes in (None, 1) else tuple(heads)
    if task is not Task.POSE:
        return ()
    # Of 56 candidates YOLO has none: no picture gives that many.
    return next(((head,) for head in HEADS[task.answer] if head_fits(model, head)), ())


def _yolo_heads(model: Model, classes: int | None) -> tuple[Head, ...]:
    heads = [head for head in (Head.YOLO_V8, Head.YOLO_V5) if head_fits(model, head)]
    named = [head for head in heads if class_count(model, head) == classes]
    if len(named) == 1 or not heads:
        return tuple(named)
    _, first, last = model.outputs[0].shape
    shorter = {Head.YOLO_V8: first <= last, Head.YOLO_V5: last <= first}
    return tuple(head for head in heads if shorter[head])


def landmark_items(tensor: Tensor) -> int:
    """The items of a vector of landmarks, [1, n] or [1, 1, 1, n]; 0 where ``tensor`` is none."""
    count = tensor.shape[-1] if len(tensor.shape) in (2, 4) and set(tensor.shape[:-1]) == {1} else 0
    return count if count > 0 and (count % 2 == 0 or count % 3 == 0) else 0


def class_count(model: Model, head: Head, roles: Sequence[int] = (0,)) -> int:
    """How many classes a detector's output has room for; 0 where nothing tells it, as in lists of finished boxes.

    ``roles`` are the indices of the outputs, boxes first.
    """
    shape = model.outputs[roles[0]].shape
    match head:
        case Head.YOLO_V5:
            return shape[2] - 5
        case Head.YOLO_V8:
            return shape[1] - 4
        case Head.FOMO:
            return shape[3] - 1
        case _:
            return 0


def mask_form(tensor: Tensor) -> MaskForm | None:
    """What a segmenter's output holds for each pixel; None where it is no segmenter's.

    [1, H, W, C] of two and more channels are scores; [1, H, W] and [1, H, W, 1] are class numbers where they are
    integers without quantization, else probabilities of class 1.
    """
    shape = tensor.shape
    if len(shape) not in (3, 4) or shape[0] != 1 or min(shape) < 1:
        return None
    if len(shape) == 4 and shape[3] > 1:
        return MaskForm.SCORES
    is_real = tensor.is_quantized or tensor.dtype.startswith("float")
    return MaskForm.PROBABILITY if is_real else MaskForm.CLASS_NUMBERS


# Operators that leave scores scores and logits logits.
_PASSING = frozenset(
    """
    DEQUANTIZE QUANTIZE CAST RESHAPE SQUEEZE EXPAND_DIMS TRANSPOSE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR
    """.split()
)
_LINEAR = frozenset(
    """
    FULLY_CONNECTED CONV_2D DEPTHWISE_CONV_2D TRANSPOSE_CONV CONV_3D BATCH_MATMUL ADD SUB ADD_N MEAN AVERAGE_POOL_2D
    LOG_SOFTMAX
    """.split()
)


def ends_in_logits(model: Model, output: int) -> Activation | None:
    """What a classifier's ``output`` (its place among the outputs) lacks, by the operator that makes it.

    ``NONE`` behind SOFTMAX and LOGISTIC, which make scores; ``SOFTMAX`` behind a layer that makes any numbers, or
    ``SIGMOID`` where it makes a single one; None where the operator does not tell.
    """
    makers = {made: node for node in model.main.nodes for made in node.outputs}
    index = model.main.outputs[output]
    # A file can hold a circle.
    while (node := makers.pop(index, None)) is not None:
        name = node.operator.name
        if name in ("SOFTMAX", "LOGISTIC"):
            return Activation.NONE
        if name in _LINEAR:
            return Activation.SIGMOID if model.outputs[output].size == 1 else Activation.SOFTMAX
        if name not in _PASSING or not node.inputs:
            return None
        index = node.inputs[0]
    return None
