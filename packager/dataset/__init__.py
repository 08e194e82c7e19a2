"""Samples of what a model was made for, with their labels: to calibrate, to train, to measure it with."""

from packager.dataset.dataset import Dataset
from packager.dataset.reader import read_dataset

__all__ = ["Dataset", "read_dataset"]
