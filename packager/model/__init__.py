"""What a .tflite says, read from its FlatBuffer alone: no interpreter, no TensorFlow."""

from packager.model.reader import parse_model, read_model
from packager.model.view import Model, Node, Operator, Quantization, Signature, Sizes, Subgraph, Tensor

__all__ = [
    "Model",
    "Node",
    "Operator",
    "Quantization",
    "Signature",
    "Sizes",
    "Subgraph",
    "Tensor",
    "parse_model",
    "read_model",
]
