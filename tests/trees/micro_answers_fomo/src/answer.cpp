#include "answer.h"

#include "input.h"

namespace hard {
namespace {

// The output is a grid of cells with a score for the background and for each
// class.
constexpr size_t kRows = 12;
constexpr size_t kColumns = 16;
constexpr size_t kChannels = 3;

// The score of an item of the output.
float score_of(const float* output, size_t item) {
  return output[item];
}

// Whether an item is of the background, which is the first channel.
bool is_background(size_t item) { return item % kChannels == 0; }

CellObject cell_of(size_t item, float score) {
  const size_t column = item / kChannels % kColumns;
  const size_t row = item / kChannels / kColumns;
  return {column, row, column + 1, row + 1, item % kChannels - 1, score};
}

// Also where only the corners touch.
bool touches(const CellObject& a, const CellObject& b) {
  return a.index == b.index && a.left <= b.right && b.left <= a.right &&
         a.top <= b.bottom && b.top <= a.bottom;
}

// Lets it join the first one that it touches, or stand behind them.
void join(const CellObject& object, List<CellObject, kMostObjects>* objects) {
  for (CellObject& first : *objects) {
    if (!touches(first, object)) continue;
    if (object.left < first.left) first.left = object.left;
    if (object.top < first.top) first.top = object.top;
    if (object.right > first.right) first.right = object.right;
    if (object.bottom > first.bottom) first.bottom = object.bottom;
    if (object.score > first.score) first.score = object.score;
    return;
  }
  objects->add(object);
}

Box box_of(const CellObject& object, const Placement& placement) {
  constexpr float width = kInputWidth, height = kInputHeight;
  constexpr float columns = kColumns, rows = kRows;
  return {
      placement.frame_x(static_cast<float>(object.left) * width / columns),
      placement.frame_y(static_cast<float>(object.top) * height / rows),
      placement.frame_x(static_cast<float>(object.right) * width / columns),
      placement.frame_y(static_cast<float>(object.bottom) * height / rows)};
}

}  // namespace

// As Edge Impulse does it: row by row each cell joins the first object of its
// class that it touches; then objects that have grown together join.
const Detections& Answer::read_detections(const Placement& placement) {
  detections_.clear();
  if (output_ == nullptr) return detections_;
  objects_.clear();
  for (size_t i = 0; i < kOutputSize; ++i) {
    if (is_background(i)) continue;
    const float score = score_of(output_, i);
    // Not where it is no number.
    if (!(score >= kThreshold)) continue;
    join(cell_of(i, score), &objects_);
  }
  // Those behind are read before anything is written to their place.
  const size_t count = objects_.size();
  objects_.clear();
  for (size_t i = 0; i < count; ++i) {
    const CellObject object = objects_[i];
    join(object, &objects_);
  }
  candidates_.clear();
  for (size_t i = 0; i < objects_.size(); ++i) {
    candidates_.add(i, objects_[i].score);
  }
  for (const Candidate& candidate : candidates_) {
    const CellObject& object = objects_[candidate.index];
    detections_.add({object.index, object.score, box_of(object, placement)});
  }
  return detections_;
}

}  // namespace hard
