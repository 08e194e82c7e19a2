#include "suppression.h"

namespace shapes {
namespace {

// Either is no number where one of the two is.
float larger(float a, float b) { return a > b || a != a ? a : b; }
float smaller(float a, float b) { return a < b || a != a ? a : b; }

float area(const Box& box) {
  return larger(box.right - box.left, 0.0f) *
         larger(box.bottom - box.top, 0.0f);
}

}  // namespace

bool covers(const Box& better, const Box& box, float iou) {
  const float across = smaller(box.right, better.right) - larger(box.left, better.left);
  const float down = smaller(box.bottom, better.bottom) - larger(box.top, better.top);
  const float common = larger(across, 0.0f) * larger(down, 0.0f);
  return common > iou * (area(box) + area(better) - common);
}

}  // namespace shapes
