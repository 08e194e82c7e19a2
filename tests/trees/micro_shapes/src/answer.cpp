#include "answer.h"

#include "input.h"
#include "suppression.h"

namespace shapes {
namespace {

// The output has rows with an item of each candidate: centre x, centre y, width,
// height, then the score of each class.
constexpr size_t kCandidates = 144;
constexpr size_t kItems = 7;
constexpr size_t kFirstClass = 4;

// An item of a candidate as a real number.
float real(const int8_t* output, size_t candidate, size_t item) {
  return Answer::dequantize_output(output[item * kCandidates + candidate]);
}

// The item of the best class of a candidate, of equal ones the first.
size_t best_item(const int8_t* output, size_t candidate) {
  // As integers: all items are quantized alike.
  const int8_t* items = output + candidate;
  constexpr size_t kStep = kCandidates;
  size_t best = kFirstClass;
  for (size_t item = kFirstClass + 1; item < kItems; ++item) {
    if (items[item * kStep] > items[best * kStep]) best = item;
  }
  return best;
}

float score_of(const int8_t* output, size_t candidate) {
  const float best = real(output, candidate, best_item(output, candidate));
  return best;
}

size_t class_of(const int8_t* output, size_t candidate) {
  return best_item(output, candidate) - kFirstClass;
}

// The box of a candidate, times what makes pixels of the input of it.
Box box_of(const int8_t* output, size_t candidate, float across, float down) {
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
  constexpr float across = kInputWidth;
  constexpr float down = kInputHeight;
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

}  // namespace shapes
