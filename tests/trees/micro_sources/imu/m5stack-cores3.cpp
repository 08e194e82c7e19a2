#include "source.h"

#include <M5Unified.h>

namespace motion {
namespace {

bool read_motion(float* values) {
  while (!M5.Imu.update()) M5.delay(1);
  const auto data = M5.Imu.getImuData();
  values[0] = data.accel.x;
  values[1] = data.accel.y;
  values[2] = data.accel.z;
  values[3] = data.gyro.x;
  values[4] = data.gyro.y;
  values[5] = data.gyro.z;
  return true;
}

float window[kSteps * kAxes];
size_t kept = 0;

}  // namespace

bool begin_source() {
  M5.begin();
  return M5.Imu.isEnabled();
}

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
