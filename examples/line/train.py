"""Train the smallest model there is, y = 2x - 1 from six points: one weight and one bias.

    uv run --extra convert --group train examples/line/train.py

Writes `line.keras` next to itself, of which this makes the `line.tflite` that packager.toml names:

    packager convert examples/line/line.keras -o examples/line/line.tflite
"""

from pathlib import Path

import keras
import numpy as np

X = np.array([-1, 0, 1, 2, 3, 4], np.float32)[:, None]

keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((1,), name="x"), keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(X, 2 * X - 1, epochs=500, verbose=0)
model.save(Path(__file__).with_name("line.keras"))
print(f"10 → {model.predict(np.array([[10]], np.float32), verbose=0)[0, 0]:.3f}")
