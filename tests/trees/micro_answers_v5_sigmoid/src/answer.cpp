#include "answer.h"

#include <math.h>

#include "input.h"
#include "suppression.h"

namespace hard {
namespace {

// The output has of each candidate centre x, centre y, width, height and
// objectness, then the score of each class.
constexpr size_t kCandidates = 300;
constexpr size_t kItems = 8;
constexpr size_t kFirstClass = 5;

// An item of a candidate as a real number.
float real(const float* output, size_t candidate, size_t item) {
  return output[candidate * kItems + item];
}

float sigmoid(float value) { return 1.0f / (1.0f + expf(-value)); }

// The item of the best class of a candidate, of equal ones the first.
size_t best_item(const float* output, size_t candidate) {
  size_t best = kFirstClass;
  float highest = real(output, candidate, best);
  for (size_t item = kFirstClass + 1; item < kItems; ++item) {
    const float value = real(output, candidate, item);
    // One that is no number is the best, for the candidate to be none.
    if (value > highest || value != value) {
      highest = value;
      best = item;
    }
  }
  return best;
}

float score_of(const float* output, size_t candidate) {
  const float best = real(output, candidate, best_item(output, candidate));
  return sigmoid(real(output, candidate, 4)) * sigmoid(best);
}

size_t class_of(const float* output, size_t candidate) {
  // By score, of which several may be 1 where the outputs still differ.
  size_t best = kFirstClass;
  float highest = sigmoid(real(output, candidate, best));
  for (size_t item = kFirstClass + 1; item < kItems; ++item) {
    const float score = sigmoid(real(output, candidate, item));
    if (score > highest) {
      highest = score;
      best = item;
    }
  }
  return best - kFirstClass;
}

// Whether coordinates are pixels of the input: fractions of it reach only a
// little over its edges.
bool is_in_pixels(const float* output) {
  for (size_t candidate = 0; candidate < kCandidates; ++candidate) {
    for (size_t item = 0; item < 4; ++item) {
      if (real(output, candidate, item) > 2.0f) return true;
    }
  }
  return false;
}

// The box of a candidate, times what makes pixels of the input of it.
Box box_of(const float* output, size_t candidate, float across, float down) {
  const float x = real(output, candidate, 0);
  const float y = real(output, candidate, 1);
  const float half_width = real(output, candidate, 2) / 2.0f;
  const float half_height = real(output, candidate, 3) / 2.0f;
  return {(x - half_width) * across, (y - half_height) * down,
          (x + half_width) * across, (y + half_height) * down};
}

// Whether a better one of the class has most of the box.
bool is_covered(const Detection& detection, const Detections& better) {
  for (const Detection& other : better) {
    if (other.index == detection.index &&
        covers(other.box, detection.box, kIou)) {
      return true;
    }
  }
  return false;
}

}  // namespace

const Detections& Answer::read_detections(const Placement& placement) {
  detections_.clear();
  if (output_ == nullptr) return detections_;
  candidates_.clear();
  for (size_t i = 0; i < kCandidates; ++i) {
    const float score = score_of(output_, i);
    // Not where it is no number.
    if (score >= kThreshold) candidates_.add(i, score);
  }
  const bool in_pixels = is_in_pixels(output_);
  const float across = in_pixels ? 1.0f : static_cast<float>(kInputWidth);
  const float down = in_pixels ? 1.0f : static_cast<float>(kInputHeight);
  for (const Candidate& candidate : candidates_) {
    if (detections_.is_full()) break;
    const Detection detection = {
        class_of(output_, candidate.index), candidate.score,
        box_of(output_, candidate.index, across, down)};
    if (!is_covered(detection, detections_)) detections_.add(detection);
  }
  for (Detection& detection : detections_) {
    const Box& box = detection.box;
    detection.box = {placement.frame_x(box.left), placement.frame_y(box.top),
                     placement.frame_x(box.right),
                     placement.frame_y(box.bottom)};
  }
  return detections_;
}

}  // namespace hard
