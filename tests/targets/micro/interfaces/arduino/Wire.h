// What the libraries take from Arduino's cores: arduino/ArduinoCore-API and arduino/ArduinoCore-mbed 4.6.0,
// libraries/Wire/Wire.h, line 34.
#pragma once
#include <Arduino.h>

namespace arduino {
class MbedI2C {};
}  // namespace arduino
using TwoWire = arduino::MbedI2C;
