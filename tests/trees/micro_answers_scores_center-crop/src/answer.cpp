#include "answer.h"

#include "input.h"

namespace hard {
namespace {

// The output has scores of all classes for each pixel, all over the input.
constexpr int kClasses = 3;
constexpr int kWidth = 10;
constexpr int kHeight = 7;

// The class of one of the output's own pixels.
uint8_t class_of(const float* output, int pixel) {
  const float* scores = output + pixel * kClasses;
  int best = 0;
  // One that is no number is the best.
  for (int i = 1; i < kClasses && scores[best] == scores[best]; ++i) {
    if (scores[i] > scores[best] || scores[i] != scores[i]) best = i;
  }
  return static_cast<uint8_t>(best);
}

// Pixel `index` of `count` of a frame's box, along one axis, as one of the
// output's `own`: they lie in `fitted` of the `size` pixels of the input, from
// `start` on, and the middle of a pixel says where.
int nearest(int index, int count, int start, int fitted, int size, int own) {
  const int64_t middle = (int64_t{2} * index + 1) * fitted + int64_t{2} * count * start;
  return static_cast<int>(middle * own / (int64_t{2} * count * size));
}

int row_of(int y, const Placement& placement) {
  const Region& box = placement.box;
  const Region& fitted = placement.fitted;
  if (y < box.y || y >= box.y + box.height) return -1;
  return nearest(y - box.y, box.height, fitted.y, fitted.height, kInputHeight,
                 kHeight);
}

int column_of(int x, const Placement& placement) {
  const Region& box = placement.box;
  const Region& fitted = placement.fitted;
  if (x < box.x || x >= box.x + box.width) return -1;
  return nearest(x - box.x, box.width, fitted.x, fitted.width, kInputWidth,
                 kWidth);
}

}  // namespace

uint8_t Answer::class_at(int x, int y, const Placement& placement) const {
  const int row = row_of(y, placement);
  const int column = column_of(x, placement);
  if (output_ == nullptr || row < 0 || column < 0) return kUnseen;
  return class_of(output_, row * kWidth + column);
}

void Answer::read_mask(const Placement& placement, uint8_t* mask) const {
  for (int y = 0; y < placement.height; ++y) {
    for (int x = 0; x < placement.width; ++x) {
      *mask++ = class_at(x, y, placement);
    }
  }
}

}  // namespace hard
