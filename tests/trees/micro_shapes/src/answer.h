// What comes out of the model: objects, and where they are.
#ifndef SHAPES_ANSWER_H_
#define SHAPES_ANSWER_H_

#include <stddef.h>
#include <stdint.h>

#include "best_scores.h"
#include "box.h"
#include "list.h"
#include "placement.h"

namespace shapes {

// Output boxes: int8 [1, 7, 144].
// Of each of 144 cells x, y, width, height (0..1), and a score for each class.
// A real number is 0.004328511 * (item + 115).
constexpr size_t kOutputSize = 1008;

// What has a lower score is no detection.
constexpr float kThreshold = 0.25f;
// Of two boxes of a class that have more than this share of their union in
// common only the better one stays.
constexpr float kIou = 0.5f;
// So many detections at most are in an answer, the best ones; each takes
// 24 bytes of RAM.
constexpr size_t kMaxResults = 100;
// Candidates that are looked at for them, the best ones; each takes 8.
constexpr size_t kMostCandidates = 144;

// An object in a frame.
struct Detection {
  size_t index;  // of its class
  float score;
  Box box;  // in pixels of the frame
};
using Detections = List<Detection, kMaxResults>;

// What comes out, for the class in shapes.h.
class Answer {
 public:
  // kOutputSize items, valid until the next invoke(); null before begin().
  const int8_t* output() const { return output_; }
  static float dequantize_output(int8_t item) {
    return 0.004328511f * (static_cast<float>(item) + 115.0f);
  }

  // The detections in the outputs, best first, of equal scores the first in the
  // output; in pixels of the frame that `placement` is of. They stay until the
  // next call.
  const Detections& read_detections(const Placement& placement);
  // The name of a class, in UTF-8; "" where there is none.
  static const char* label(size_t index);

 protected:
  const int8_t* output_ = nullptr;

 private:
  BestScores<kMostCandidates> candidates_;
  Detections detections_;
};

}  // namespace shapes

#endif  // SHAPES_ANSWER_H_
