// arduino-libraries/Arduino_LSM6DSOX 1.1.2 (ff9fc57a), src/LSM6DSOX.h, lines 24 to 182, which src/Arduino_LSM6DSOX.h
// includes.
#pragma once
#include <Wire.h>

class LSM6DSOXClass {
 public:
  LSM6DSOXClass(TwoWire& wire, uint8_t slaveAddress);
  ~LSM6DSOXClass();
  int begin();
  void end();
  int readAcceleration(float& x, float& y, float& z);
  float accelerationSampleRate();
  int accelerationAvailable();
  int readGyroscope(float& x, float& y, float& z);
  float gyroscopeSampleRate();
  int gyroscopeAvailable();
};

extern LSM6DSOXClass IMU_LSM6DSOX;
#undef IMU
#define IMU IMU_LSM6DSOX
