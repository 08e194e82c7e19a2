"""Golden cases: sample inputs and the answers that the real runtimes give to them.

Each generated project carries them and a self-test that replays them. Runtimes disagree by some counts on
quantized models, so each project's answers come from the runtime that will run it, and the tolerance is stated
beside them.
"""

from packager.golden.cases import GoldenCase, Goldens, GoldenSet, Picture, Sample, Sound, Text
from packager.golden.files import Rule, golden_files, kernel_counts, output_rules, proof_cases
from packager.golden.frames import Camera, GoldenFrame, build_frames
from packager.golden.running import Progress, build_goldens, processes
from packager.golden.samples import read_samples

__all__ = [
    "Camera",
    "GoldenCase",
    "GoldenFrame",
    "GoldenSet",
    "Goldens",
    "Picture",
    "Progress",
    "Rule",
    "Sample",
    "Sound",
    "Text",
    "build_frames",
    "build_goldens",
    "golden_files",
    "kernel_counts",
    "output_rules",
    "processes",
    "proof_cases",
    "read_samples",
]
