// arduino/ArduinoCore-mbed 4.6.0 (b4ad4e72), libraries/Himax_HM01B0/himax.h, lines 25 to 60.
#pragma once
#include "camera.h"

class HM01B0 : public ImageSensor {
 public:
  HM01B0(arduino::MbedI2C& i2c = CameraWire);
  int init();
  int getID() { return 0x24; }
  bool getMono() { return true; }
};
