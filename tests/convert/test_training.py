"""Training on: what is rebuilt for tf-keras answers as it did, and what comes of training is as good as before."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.tensorflow import tensorflow_python

pytestmark = pytest.mark.tensorflow

REBUILT = Path(__file__).with_name("rebuilt.py")
LAYER = "training on needs tf-keras (Keras 2), which cannot have the layer "


def test_models_of_keras_3_are_rebuilt_for_tf_keras() -> None:
    """``tf_keras_model`` itself compares what both answer; here it does for every kind of layer."""
    ran = subprocess.run([tensorflow_python(), "-m", "tests.convert.rebuilt"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    results = json.loads(ran.stdout.splitlines()[-1])
    assert results == {
        "dense": [[2]],
        "residual": [[3]],
        "nested_twice": [[4]],
        "outputs_by_name": [[2], [3]],
        "encoder_and_decoder": [[8, 8, 1]],
        "other_settings": [[144]],
        "sequences": [[3]],
        "words": [[2]],
        "arithmetic": f"{LAYER}'multiply' (Multiply): it is an operation on tensors, and no layer",
        "new_activation": f"{LAYER}'last' (Dense): ValueError: Unknown activation function 'hard_silu' cannot be "
        "deserialized.",
        "in_a_subclass": "subclass is a model whose code is Python (Subclass): its layers cannot be read off it",
    }
