#include "answer.h"

#include <math.h>

#include "input.h"

namespace hard {
namespace {

// Class numbers are real ones, and not whole where they were quantized.
float whole_of(float number) { return floorf(number + 0.5f); }

bool is_class(float number) {
  return whole_of(number) >= 0.0f && whole_of(number) < 2147483648.0f;
}

size_t class_of(float number) { return static_cast<size_t>(whole_of(number)); }

// Boxes have top, left, bottom and right, as fractions of the input.
float side(const float* boxes, size_t index) {
  return boxes[index];
}

}  // namespace

const Detections& Answer::read_detections(const Placement& placement) {
  detections_.clear();
  if (output_location_ == nullptr) return detections_;
  // Only the first so many are meant.
  const float number = output_number_of_detections_[0];
  constexpr size_t kMost = 110;
  const size_t count = !(number > 0.0f) ? 0
                       : number < kMost ? static_cast<size_t>(number)
                                        : kMost;
  candidates_.clear();
  for (size_t i = 0; i < count; ++i) {
    const float score = output_score_[i];
    const float kind = output_category_[i];
    // Not where it is no number.
    if (score >= kThreshold && is_class(kind)) candidates_.add(i, score);
  }
  constexpr float width = kInputWidth, height = kInputHeight;
  for (const Candidate& candidate : candidates_) {
    const size_t i = candidate.index;
    detections_.add(
        {class_of(output_category_[i]),
         candidate.score,
         {placement.frame_x(side(output_location_, 4 * i + 1) * width),
          placement.frame_y(side(output_location_, 4 * i) * height),
          placement.frame_x(side(output_location_, 4 * i + 3) * width),
          placement.frame_y(side(output_location_, 4 * i + 2) * height)}});
  }
  return detections_;
}

}  // namespace hard
