// arduino-libraries/Arduino_LSM9DS1 1.1.1 (3dc9e3c2), src/LSM9DS1.h, lines 23 to 63, which src/Arduino_LSM9DS1.h includes.
#pragma once
#include <Wire.h>

class LSM9DS1Class {
 public:
  LSM9DS1Class(TwoWire& wire);
  virtual ~LSM9DS1Class();
  int begin();
  void end();
  virtual int readAcceleration(float& x, float& y, float& z);
  virtual int accelerationAvailable();
  virtual float accelerationSampleRate();
  virtual int readGyroscope(float& x, float& y, float& z);
  virtual int gyroscopeAvailable();
  virtual float gyroscopeSampleRate();
};

extern LSM9DS1Class IMU_LSM9DS1;
#undef IMU
#define IMU IMU_LSM9DS1
