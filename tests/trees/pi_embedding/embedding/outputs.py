"""The names of the model's outputs, in its order."""

OUTPUTS = [
    "embedding",
    "counts",
]
