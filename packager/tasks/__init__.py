"""The tasks. Each is an input kind and an answer kind; every kind is one module of this package."""

from __future__ import annotations

from enum import StrEnum


class InputKind(StrEnum):
    """What goes in, and so what a golden sample is."""

    IMAGE = "image"
    AUDIO = "audio"
    TEXT = "text"
    TENSORS = "tensors"


class AnswerKind(StrEnum):
    """What comes out, and so when two answers agree."""

    CLASSES = "classes"
    BOXES = "boxes"
    MASK = "mask"
    KEYPOINTS = "keypoints"
    TENSORS = "tensors"


class Task(StrEnum):
    """What a model is for. The names are stored in files, and stay; to add a task, add a line."""

    input: InputKind
    answer: AnswerKind

    def __new__(cls, name: str, input: InputKind, answer: AnswerKind) -> Task:
        """The task of that name, with its kinds."""
        task = str.__new__(cls, name)
        task._value_ = name
        task.input, task.answer = input, answer
        return task

    @classmethod
    def named(cls, name: str) -> Task:
        """The task of that name; ValueError where there is none."""
        for task in cls:
            if task == name:
                return task
        raise ValueError(f"{name!r} is no task")

    @classmethod
    def listed(cls) -> str:
        """All of them as a sentence: "image-classification, … or tensors"."""
        *names, last = cls
        return f"{', '.join(names)} or {last}"

    IMAGE_CLASSIFICATION = "image-classification", InputKind.IMAGE, AnswerKind.CLASSES
    OBJECT_DETECTION = "object-detection", InputKind.IMAGE, AnswerKind.BOXES
    IMAGE_SEGMENTATION = "image-segmentation", InputKind.IMAGE, AnswerKind.MASK
    POSE = "pose", InputKind.IMAGE, AnswerKind.KEYPOINTS
    IMAGE_TO_TENSORS = "image-to-tensors", InputKind.IMAGE, AnswerKind.TENSORS
    AUDIO_CLASSIFICATION = "audio-classification", InputKind.AUDIO, AnswerKind.CLASSES
    TEXT_CLASSIFICATION = "text-classification", InputKind.TEXT, AnswerKind.CLASSES
    TENSOR_CLASSIFICATION = "tensor-classification", InputKind.TENSORS, AnswerKind.CLASSES
    TENSORS = "tensors", InputKind.TENSORS, AnswerKind.TENSORS


class CropMode(StrEnum):
    """How a picture of another aspect ratio becomes the model's.

    ``STRETCH`` resizes it whole; ``CENTER_CROP`` cuts the largest centred box of the model's aspect ratio;
    ``LETTERBOX`` resizes it whole with its own aspect ratio and fills the rest with one colour.
    """

    STRETCH = "stretch"
    CENTER_CROP = "center-crop"
    LETTERBOX = "letterbox"


class Resize(StrEnum):
    """How pixels are weighed: ``ANTIALIAS`` as Pillow does, ``BILINEAR`` as tf.image.resize and OpenCV do."""

    ANTIALIAS = "antialias"
    BILINEAR = "bilinear"


class ChannelOrder(StrEnum):
    """The order of a colour input's channels; a gray one has none."""

    RGB = "rgb"
    BGR = "bgr"


class Activation(StrEnum):
    """What makes scores of a model's outputs: nothing where they are scores, else what the graph lacks at its end."""

    NONE = "none"
    SOFTMAX = "softmax"
    SIGMOID = "sigmoid"


class Head(StrEnum):
    """How a detector's, or a pose model's, outputs are laid out: see ``heads.py``."""

    SSD = "ssd"
    YOLO_V5 = "yolo-v5"
    YOLO_V8 = "yolo-v8"
    END_TO_END = "end-to-end"
    FOMO = "fomo"
    MOVENET = "movenet"
    MOVENET_MULTIPOSE = "movenet-multipose"
    YOLO_POSE = "yolo-pose"
    LANDMARKS = "landmarks"


class MaskForm(StrEnum):
    """What a segmenter's output holds for each pixel."""

    SCORES = "scores"  # [1, H, W, C], C of 2 and more
    CLASS_NUMBERS = "class-numbers"  # [1, H, W] or [1, H, W, 1] of integers without quantization
    PROBABILITY = "probability"  # [1, H, W, 1] or [1, H, W]: of class 1; 0 is the background
