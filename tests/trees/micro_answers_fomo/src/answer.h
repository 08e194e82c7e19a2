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

// Output grid: float32 [1, 12, 16, 3].
// Scores of the labels respectively, the background first, for each cell of the picture.
constexpr size_t kOutputSize = 576;

// What has a lower score is no detection.
constexpr float kThreshold = 0.25f;
// So many detections at most are in an answer, the best ones; each takes
// 32 bytes of RAM.
constexpr size_t kMaxResults = 96;
// Objects that the cells can make; each takes 24.
constexpr size_t kMostObjects = 96;

// An object in a frame.
struct Detection {
  size_t index;  // of its class
  float score;
  Box box;  // in pixels of the frame
};
using Detections = List<Detection, kMaxResults>;

// Cells of one class that touch: from column `left` to before column `right`.
struct CellObject {
  size_t left;
  size_t top;
  size_t right;
  size_t bottom;
  size_t index;
  float score;
};

// What comes out, for the class in hard.h.
class Answer {
 public:
  // kOutputSize items, valid until the next invoke(); null before begin().
  const float* output() const { return output_; }

  // The detections in the outputs, best first, of equal scores the first in the
  // output; in pixels of the frame that `placement` is of. They stay until the
  // next call.
  const Detections& read_detections(const Placement& placement);

 protected:
  const float* output_ = nullptr;

 private:
  List<CellObject, kMostObjects> objects_;
  BestScores<kMaxResults> candidates_;
  Detections detections_;
};

}  // namespace hard

#endif  // HARD_ANSWER_H_
