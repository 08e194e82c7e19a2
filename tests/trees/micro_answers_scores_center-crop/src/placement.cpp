#include "placement.h"

#include "input.h"

namespace hard {
namespace {

int clamp_to(int value, int maximum) {
  return value < 1 ? 1 : value > maximum ? maximum : value;
}

}  // namespace

Placement place(int width, int height) {
  // The largest centered box of the input's aspect ratio.
  const int box_width = clamp_to(height * kInputWidth / kInputHeight, width);
  const int box_height = clamp_to(width * kInputHeight / kInputWidth, height);
  return {width,
          height,
          {(width - box_width) / 2, (height - box_height) / 2, box_width,
           box_height},
          {0, 0, kInputWidth, kInputHeight}};
}

}  // namespace hard
