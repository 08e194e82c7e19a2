// What comes out of the model: points of bodies, faces or hands.
#ifndef HARD_ANSWER_H_
#define HARD_ANSWER_H_

#include <stddef.h>
#include <stdint.h>

#include "best_scores.h"
#include "list.h"
#include "placement.h"

namespace hard {

// Output poses: float32 [1, 6, 56].
// The points of each body and their scores.
constexpr size_t kOutputSize = 336;

// What has a lower score is no pose.
constexpr float kThreshold = 0.25f;
// So many poses at most are in an answer, the best ones; each takes 208 bytes
// of RAM.
constexpr size_t kMaxResults = 6;
constexpr size_t kPointCount = 17;

// A point in pixels of the frame.
struct Keypoint {
  float x;
  float y;
  float score;  // one of a low score is a guess
};

// The points of a body, face or hand, always in the same order.
struct Pose {
  float score;
  Keypoint keypoints[kPointCount];
};
using Poses = List<Pose, kMaxResults>;

// What comes out, for the class in hard.h.
class Answer {
 public:
  // kOutputSize items, valid until the next invoke(); null before begin().
  const float* output() const { return output_; }

  // The poses in the output, best first, of equal scores the first in the output;
  // in pixels of the frame that `placement` is of. They stay until the next call.
  const Poses& read_poses(const Placement& placement);
  // What a point is, in UTF-8; "" where there is none.
  static const char* point_name(size_t index);

 protected:
  const float* output_ = nullptr;

 private:
  BestScores<kMaxResults> candidates_;
  Poses poses_;
};

}  // namespace hard

#endif  // HARD_ANSWER_H_
