#include "placement.h"

#include <stdint.h>

#include "input.h"

namespace shapes {
namespace {

// a * b / c, rounded half up, from 1 to `maximum`.
int scaled(int a, int b, int c, int maximum) {
  const int value = static_cast<int>((int64_t{2} * a * b + c) / (2 * c));
  return value < 1 ? 1 : value > maximum ? maximum : value;
}

}  // namespace

Placement place(int width, int height) {
  // The frame in its own aspect ratio, in the middle of one color.
  const int fitted_width = scaled(width, kInputHeight, height, kInputWidth);
  const int fitted_height = scaled(height, kInputWidth, width, kInputHeight);
  return {width,
          height,
          {0, 0, width, height},
          {(kInputWidth - fitted_width) / 2, (kInputHeight - fitted_height) / 2,
           fitted_width, fitted_height}};
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

}  // namespace shapes
