"""Golden cases: sample inputs and the answers that the real runtimes give to them.

Each generated project carries them and a self-test that replays them. Runtimes disagree by some counts on
quantized models, so each project's answers come from the runtime that will run it, and the tolerance is stated
beside them.
"""

from packager.golden.cases import (
    ArenaUse,
    GoldenCase,
    Goldens,
    GoldenSet,
    MeasuredArena,
    Picture,
    Sample,
    Sound,
    Text,
)
from packager.golden.features import build_features
from packager.golden.files import Rule, golden_files, kernel_counts, output_rules, proof_cases
from packager.golden.frames import Camera, GoldenFrame, build_frames
from packager.golden.running import Progress, build_goldens, processes
from packager.golden.samples import read_samples
from packager.golden.sounds import window_of

__all__ = [
    "ArenaUse",
    "Camera",
    "GoldenCase",
    "GoldenFrame",
    "GoldenSet",
    "Goldens",
    "MeasuredArena",
    "Picture",
    "Progress",
    "Rule",
    "Sample",
    "Sound",
    "Text",
    "build_features",
    "build_frames",
    "build_goldens",
    "golden_files",
    "kernel_counts",
    "output_rules",
    "processes",
    "proof_cases",
    "read_samples",
    "window_of",
]
