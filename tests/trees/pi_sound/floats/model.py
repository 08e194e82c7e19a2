"""The model: a window of sound in, labels and scores out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from .answer import Category, read_categories
from .labels import read_labels
from .preprocessing import Given, Preprocessor
from .runtime import Runner
from .sound import HOP, RATE, WINDOW, Sound, load_sound, windows


class Window(NamedTuple):
    """The answer for a window of a sound."""

    start: float
    """Where it begins, in seconds."""
    results: list[Category]


class FloatsClassifier:
    """Classifies sounds into 3 classes.

    ``locale`` chooses the language of the labels, of ``labels.LOCALES``.
    Raises InstallationError if the package or LiteRT is not whole.
    """

    def __init__(self, threads: int = 1, locale: str = "") -> None:
        self.labels = read_labels(locale)
        self._runner = Runner(threads)
        self._preprocessor = Preprocessor()

    def classify(
        self,
        samples: Given,
        top_k: int = 3,
        threshold: float = 0.0,
    ) -> list[Category]:
        """The best classes for a window of sound, best first.

        Args:
            samples: mono, at most ``sound.WINDOW`` of them: int16, or floats of -1 to 1.
            top_k: how many classes at most.
            threshold: the least score; 0 leaves out none.

        Raises:
            InputError: the samples cannot be read.
        """
        if top_k < 1:
            raise ValueError(f"the best {top_k} classes: give 1 or more")
        outputs = self._runner.run_raw(self._preprocessor.tensors(samples))
        return read_categories(outputs, self.labels, top_k, threshold)

    def listen(
        self,
        sound: Sound,
        rate: int = RATE,
        hop: int = HOP,
        top_k: int = 3,
        threshold: float = 0.0,
    ) -> list[Window]:
        """The best classes for each window of a sound.

        Args:
            sound: the name of a .wav file, its bytes, or mono samples: int16, or
                floats of -1 to 1.
            rate: the samples a second of an array.
            hop: samples from the start of one window to that of the next.
            top_k: how many classes at most.
            threshold: the least score; 0 leaves out none.

        Raises:
            InputError: the sound cannot be read.
        """
        return list(self.follow(load_sound(sound, rate), hop, top_k, threshold))

    def follow(
        self,
        blocks: Iterable[np.ndarray],
        hop: int = HOP,
        top_k: int = 3,
        threshold: float = 0.0,
    ) -> Iterator[Window]:
        """``listen`` to samples at ``sound.RATE`` in blocks of any size, as they come."""
        if not 1 <= hop <= WINDOW:
            raise ValueError(f"a hop of {hop} samples: give 1 to {WINDOW}")
        for start, samples in windows(blocks, hop):
            yield Window(start / RATE, self.classify(samples, top_k, threshold))
