// What comes out of the model: objects, and where they are.
#ifndef HARD_ANSWER_H_
#define HARD_ANSWER_H_

#include <stddef.h>
#include <stdint.h>

#include "best_scores.h"
#include "box.h"
#include "list.h"
#include "placement.h"

namespace hard {

// Output location: float32 [1, 110, 4].
// The locations of the detected boxes.
constexpr size_t kOutputLocationSize = 440;
// Output category: float32 [1, 110].
// The categories of the detected boxes.
constexpr size_t kOutputCategorySize = 110;
// Output score: float32 [1, 110].
// The scores of the detected boxes.
constexpr size_t kOutputScoreSize = 110;
// Output number of detections: float32 [1].
// The number of the detected boxes.
constexpr size_t kOutputNumberOfDetectionsSize = 1;

// What has a lower score is no detection.
constexpr float kThreshold = 0.25f;
// So many detections at most are in an answer, the best ones; each takes
// 32 bytes of RAM.
constexpr size_t kMaxResults = 100;

// An object in a frame.
struct Detection {
  size_t index;  // of its class
  float score;
  Box box;  // in pixels of the frame
};
using Detections = List<Detection, kMaxResults>;

// What comes out, for the class in hard.h.
class Answer {
 public:
  // kOutputLocationSize items, valid until the next invoke(); null before begin().
  const float* output_location() const { return output_location_; }
  // kOutputCategorySize items, valid until the next invoke(); null before begin().
  const float* output_category() const { return output_category_; }
  // kOutputScoreSize items, valid until the next invoke(); null before begin().
  const float* output_score() const { return output_score_; }
  // kOutputNumberOfDetectionsSize items, valid until the next invoke(); null before begin().
  const float* output_number_of_detections() const { return output_number_of_detections_; }

  // The detections in the outputs, best first, of equal scores the first in the
  // output; in pixels of the frame that `placement` is of. They stay until the
  // next call.
  const Detections& read_detections(const Placement& placement);
  // The name of a class, in UTF-8; "" where there is none.
  static const char* label(size_t index);

 protected:
  const float* output_location_ = nullptr;
  const float* output_category_ = nullptr;
  const float* output_score_ = nullptr;
  const float* output_number_of_detections_ = nullptr;

 private:
  BestScores<kMaxResults> candidates_;
  Detections detections_;
};

}  // namespace hard

#endif  // HARD_ANSWER_H_
