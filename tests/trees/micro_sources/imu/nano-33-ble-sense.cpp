#include "source.h"

#include <Arduino.h>
#include <Arduino_LSM9DS1.h>

namespace motion {
namespace {

bool read_motion(float* values) {
  while (IMU.accelerationAvailable() == 0 || IMU.gyroscopeAvailable() == 0) {
    yield();
  }
  return IMU.readAcceleration(values[0], values[1], values[2]) != 0 &&
         IMU.readGyroscope(values[3], values[4], values[5]) != 0;
}

float window[kSteps * kAxes];
size_t kept = 0;

}  // namespace

bool begin_source() { return IMU.begin() != 0; }

const float* take_window() {
  // What is not new any more makes room.
  if (kept == kSteps) {
    kept -= kMove;
    for (size_t i = 0; i < kept * kAxes; ++i) window[i] = window[i + kMove * kAxes];
  }
  for (; kept < kSteps; ++kept) {
    if (!read_motion(window + kept * kAxes)) return nullptr;
  }
  return window;
}

}  // namespace motion
