"""The model: a picture in, points of what it shows out."""

from __future__ import annotations

from .answer import Pose, read_poses
from .preprocessing import Given, Preprocessor, place
from .runtime import Runner

THRESHOLD = 0.0


class KeypointsPoseEstimator:
    """Finds points of bodies, faces or hands in pictures.

    Raises InstallationError if the package or LiteRT is not whole.
    """

    def __init__(self, threads: int = 1) -> None:
        self._runner = Runner(threads)
        self._preprocessor = Preprocessor()

    def estimate(self, picture: Given, threshold: float = THRESHOLD) -> list[Pose]:
        """The poses in a picture, best first.

        Args:
            picture: a file, a Pillow image or an array: see ``picture.Picture``.
            threshold: the least score of a pose.

        Raises:
            InputError: the picture cannot be read.
        """
        prepared = self._preprocessor.prepare(picture)
        outputs = self._runner.run_raw(prepared.tensors)
        return read_poses(outputs, place(prepared.size), threshold)
