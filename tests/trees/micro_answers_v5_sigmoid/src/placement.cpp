#include "placement.h"

#include "input.h"

namespace hard {

Placement place(int width, int height) {
  return {width,
          height,
          {0, 0, width, height},
          {0, 0, kInputWidth, kInputHeight}};
}

namespace {

// NaN stays NaN.
float clamp(float value, int maximum) {
  const float most = static_cast<float>(maximum);
  return value < 0.0f ? 0.0f : value > most ? most : value;
}

float moved(float value, int from, int size, int to, int new_size) {
  return static_cast<float>(to) +
         (value - static_cast<float>(from)) * static_cast<float>(new_size) /
             static_cast<float>(size);
}

}  // namespace

float Placement::frame_x(float x) const {
  return clamp(moved(x, fitted.x, fitted.width, box.x, box.width), width);
}

float Placement::frame_y(float y) const {
  return clamp(moved(y, fitted.y, fitted.height, box.y, box.height), height);
}

}  // namespace hard
