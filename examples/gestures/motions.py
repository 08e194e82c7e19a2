"""Synthetic motions of a hand, as the accelerometer in it feels them: what the gesture classifier learns from.

Needs NumPy alone. The same seed gives the same windows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import numpy.typing as npt

LABELS = ("idle", "shake", "circle", "wing", "slope")
# Samples a second, and in a window: 2.56 seconds.
RATE, LENGTH = 50, 128
# What the sensor can feel, in g, and so what goes into the model.
RANGE = 4.0
# A window to learn from, or to be tested with, has this seed and its number.
TRAINING, HELD_OUT, GOLDEN = 1, 2, 3

_GRAVITY = 9.81
# Corners of the hand's way in its own plane (to the right, up), in units of its size.
_WAYS = {
    "wing": ((0.0, 0.0), (0.25, -1.0), (0.5, 0.0), (0.75, -1.0), (1.0, 0.0)),  # a W
    "slope": ((0.0, 0.0), (-0.7, -1.0), (0.6, -1.0)),  # down to the left, then to the right
}

Array = npt.NDArray[np.float64]
# Where the hand is at each of some moments (in seconds): [N] → [N, 3], in metres to the right, away and up.
Way = Callable[[np.random.Generator, Array], Array]


def windows(seed: int, count: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """``count`` windows [count, 128, 3] in g, and the index of each one's label; all labels are equally frequent."""
    made = np.empty((count, LENGTH, 3), np.float32)
    indices = np.arange(count) % len(LABELS)
    for number, index in enumerate(indices.tolist()):
        made[number] = draw_window(np.random.default_rng((seed, number)), LABELS[index])
    return made, indices


def draw_window(random: np.random.Generator, label: str) -> npt.NDArray[np.float32]:
    """One window [128, 3] in g: x to the right, y away from the hand, z up, turned as the hand happens to hold it.

    Size, speed, place in the window, tilt, tremor, bias and noise of the sensor differ from one to the next.
    """
    # Finer than the samples, which are means: strokes begin and end between two of them.
    fine = 8
    moments = np.arange(LENGTH * fine) / (RATE * fine)
    moved = _WAY_OF[label](random, moments)
    acceleration = np.gradient(np.gradient(moved, moments, axis=0), moments, axis=0)
    acceleration = acceleration.reshape(LENGTH, fine, 3).mean(axis=1) / _GRAVITY
    acceleration += _tremor(random)
    acceleration[:, 2] += 1  # what the sensor feels at rest
    felt = acceleration @ _tilt(random)
    felt += random.normal(0, 0.02, 3) + random.normal(0, random.uniform(0.005, 0.1), felt.shape)
    return felt.clip(-RANGE, RANGE).astype(np.float32)


def _idle(random: np.random.Generator, moments: Array) -> Array:
    """No gesture: held still, carried while walking, or moved to other places now and then."""
    moved = np.zeros((len(moments), 3))
    kind = random.integers(3)
    if kind == 1:
        # A step lifts the hand, and two of them swing it to and fro.
        steps = random.uniform(1.4, 2.2) * moments + random.uniform(0, 1)
        moved[:, 2] = random.uniform(0.004, 0.025) * np.sin(2 * math.pi * steps)
        moved[:, 1] = random.uniform(0.01, 0.08) * np.sin(math.pi * steps + random.uniform(0, 1))
    if kind == 2:
        for _ in range(random.integers(1, 3)):
            progress = (moments - random.uniform(-0.3, 2.2)) / random.uniform(0.4, 1.2)
            moved += _ease(progress)[:, None] * random.normal(0, 0.12, 3)
    return moved


def _shake(random: np.random.Generator, moments: Array) -> Array:
    """Quickly to and fro along a line, mostly from side to side."""
    line = np.array([1.0, 0.0, 0.0]) + random.normal(0, 0.3, 3)
    rate = random.uniform(3, 5.5)
    # The faster, the smaller: the hand's strength is in the acceleration.
    size = random.uniform(0.3, 2.2) * _GRAVITY / (2 * math.pi * rate) ** 2
    swing = size * np.sin(2 * math.pi * (rate * moments + random.uniform(0, 1))) * _begun(random, moments)
    moved: Array = swing[:, None] * line / np.linalg.norm(line)
    return moved


def _circle(random: np.random.Generator, moments: Array) -> Array:
    """Round and round in an upright plane, either way."""
    turns = random.uniform(0.9, 1.8) * moments * random.choice([-1, 1]) + random.uniform(0, 1)
    width, height = random.uniform(0.04, 0.18) * random.uniform(0.7, 1.4, 2)
    begun = _begun(random, moments)
    x, z = width * np.cos(2 * math.pi * turns) * begun, height * np.sin(2 * math.pi * turns) * begun
    return np.stack([x, np.zeros_like(x), z], axis=1)


def _drawn(name: str) -> Way:
    def draw(random: np.random.Generator, moments: Array) -> Array:
        corners = np.array(_WAYS[name])
        strokes = len(corners) - 1
        size = random.uniform(0.1, 0.35) * random.uniform(0.75, 1.3, 2)
        lasts = random.uniform(0.22, 0.42, strokes) if strokes > 2 else random.uniform(0.35, 0.7, strokes)
        start = random.uniform(0.1, max(0.1, moments[-1] - lasts.sum() - 0.1))
        moved = np.zeros((len(moments), 3))
        for (first, last), length in zip(pairwise(corners), lasts.tolist(), strict=True):
            moved[:, [0, 2]] += _ease((moments - start) / length)[:, None] * (last - first) * size
            start += length
        return moved

    return draw


_WAY_OF: dict[str, Way] = {
    "idle": _idle,
    "shake": _shake,
    "circle": _circle,
    "wing": _drawn("wing"),
    "slope": _drawn("slope"),
}


def _ease(progress: Array) -> Array:
    """The way from 0 to 1 that a hand takes, with the least jerk (Flash and Hogan, 1985)."""
    p = progress.clip(0, 1)
    way: Array = p**3 * (10 + p * (6 * p - 15))
    return way


def _begun(random: np.random.Generator, moments: Array) -> Array:
    """0 until a gesture begins, then 1; and perhaps 0 again once it has ended."""
    rise = _ease((moments - random.uniform(-0.5, 0.5)) / 0.3)
    return rise * (1 - _ease((moments - random.uniform(2.0, 3.5)) / 0.3))


def _tremor(random: np.random.Generator) -> Array:
    """What a hand cannot help, in g: slow waves of a few hundredths."""
    moments = np.arange(LENGTH)[:, None] / RATE
    waves = np.zeros((LENGTH, 3))
    for _ in range(3):
        waves += random.normal(0, 0.02, 3) * np.sin(
            2 * math.pi * (random.uniform(0.3, 9) * moments + random.uniform(0, 1, 3))
        )
    return waves


def _tilt(random: np.random.Generator) -> Array:
    """A turn about any axis by some 35 degrees, as a matrix (Rodrigues' formula)."""
    axis = random.normal(0, 1, 3)
    x, y, z = axis / np.linalg.norm(axis)
    angle = random.normal(0, math.radians(35))
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turn: Array = np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross
    return turn
