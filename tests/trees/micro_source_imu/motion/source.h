// Where the input comes from: the board's motion sensor.
#ifndef MOTION_SOURCE_H_
#define MOTION_SOURCE_H_

#include "motion.h"

namespace motion {

// Measurements in a window, and how many of them are new each time.
constexpr size_t kSteps = 32;
constexpr size_t kMove = 8;
// Of each x, y and z of the acceleration in g, and then of the rotation in
// degrees a second.
constexpr size_t kAxes = 6;

// Starts it; false where it does not answer.
bool begin_source();

// Waits until the next window is full, and returns its kSteps * kAxes numbers;
// null where the sensor fails.
const float* take_window();

}  // namespace motion

#endif  // MOTION_SOURCE_H_
