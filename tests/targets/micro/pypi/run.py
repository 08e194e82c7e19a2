"""Runs ``main`` of a library that was linked with nothing, on the runtime in the package tflite-micro."""

from __future__ import annotations

import ctypes
import sys

from tflite_micro.python.tflite_micro import _runtime

ctypes.CDLL(_runtime.__file__, mode=ctypes.RTLD_GLOBAL)
sys.exit(ctypes.CDLL(sys.argv[1]).main())
