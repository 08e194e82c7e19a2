// arduino-libraries/Arduino_BMI270_BMM150 1.2.3 (48e639b3), src/BoschSensorClass.h, lines 25 to 215, which
// src/Arduino_BMI270_BMM150.h includes.
#pragma once
#include <Wire.h>

typedef enum { BOSCH_ACCELEROMETER_ONLY, BOSCH_MAGNETOMETER_ONLY, BOSCH_ACCEL_AND_MAGN } CfgBoshSensor_t;

class BoschSensorClass {
 public:
  BoschSensorClass(TwoWire& wire);
  int begin(CfgBoshSensor_t cfg = BOSCH_ACCEL_AND_MAGN);
  void end();
  virtual int readAcceleration(float& x, float& y, float& z);
  virtual int accelerationAvailable();
  virtual float accelerationSampleRate();
  virtual int readGyroscope(float& x, float& y, float& z);
  virtual int gyroscopeAvailable();
  virtual float gyroscopeSampleRate();
};

extern BoschSensorClass IMU_BMI270_BMM150;
#undef IMU
#define IMU IMU_BMI270_BMM150
