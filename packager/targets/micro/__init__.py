"""Microcontrollers: `project` makes one, the other modules know what TensorFlow Lite Micro and the boards can do."""

from __future__ import annotations

from packager.targets.micro.libraries import Accelerator, ArduinoLibrary, Platform
from packager.targets.micro.project import TARGET, ArduinoForm, Options
from packager.targets.micro.sources import InputSource

__all__ = ["TARGET", "Accelerator", "ArduinoForm", "ArduinoLibrary", "InputSource", "Options", "Platform"]
