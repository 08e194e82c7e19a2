"""The tasks. Each is an input kind and an answer kind; every kind is one module of this package."""

from __future__ import annotations

from enum import StrEnum

from packager.settings import Choice


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

    @property
    def meaning(self) -> str:
        """What goes in and what comes out."""
        return f"{self.input.capitalize()} in, {self.answer} out."

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


class CropMode(Choice):
    """How a picture of another aspect ratio becomes the model's."""

    STRETCH = "stretch", "Resized whole, whatever its aspect ratio."
    CENTER_CROP = "center-crop", "The largest centred box of the model's aspect ratio."
    LETTERBOX = "letterbox", "Resized whole with its own aspect ratio; the rest is of one colour."


class Resize(Choice):
    """How pixels are weighed."""

    ANTIALIAS = "antialias", "As Pillow does."
    BILINEAR = "bilinear", "As tf.image.resize and OpenCV do."


class ChannelOrder(Choice):
    """The order of a colour input's channels; a gray one has none."""

    RGB = "rgb", "Red, green, blue: nearly all models."
    BGR = "bgr", "Blue, green, red: those trained on what OpenCV reads."


class Activation(Choice):
    """What makes scores of a model's outputs: nothing where they are scores, else what the graph lacks at its end."""

    NONE = "none", "The outputs are scores."
    SOFTMAX = "softmax", "Of all classes one is right."
    SIGMOID = "sigmoid", "Each class by itself."


class Head(Choice):
    """How a detector's, or a pose model's, outputs are laid out: see ``heads.py``."""

    SSD = "ssd", "TFLite_Detection_PostProcess, of TensorFlow's Object Detection API."
    YOLO_V5 = "yolo-v5", "YOLO v5."
    YOLO_V8 = "yolo-v8", "YOLO v8 to 12."
    END_TO_END = "end-to-end", "YOLO with its suppression inside."
    FOMO = "fomo", "Edge Impulse's grid of centroids."
    MOVENET = "movenet", "MoveNet Lightning and Thunder: one body."
    MOVENET_MULTIPOSE = "movenet-multipose", "MoveNet MultiPose: several bodies."
    YOLO_POSE = "yolo-pose", "YOLO's pose models."
    LANDMARKS = "landmarks", "A vector of two or three numbers a point: MediaPipe's face, hand and body models."


class MaskForm(StrEnum):
    """What a segmenter's output holds for each pixel."""

    SCORES = "scores"  # [1, H, W, C], C of 2 and more
    CLASS_NUMBERS = "class-numbers"  # [1, H, W] or [1, H, W, 1] of integers without quantization
    PROBABILITY = "probability"  # [1, H, W, 1] or [1, H, W]: of class 1; 0 is the background
