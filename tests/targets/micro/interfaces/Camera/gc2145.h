// arduino/ArduinoCore-mbed 4.6.0 (b4ad4e72), libraries/GC2145/gc2145.h, lines 24 to 54.
#pragma once
#include "camera.h"

class GC2145 : public ImageSensor {
 public:
  GC2145(arduino::MbedI2C& i2c = CameraWire);
  int init();
  int getID() { return 0x3C; }
  bool getMono() { return false; }
};
