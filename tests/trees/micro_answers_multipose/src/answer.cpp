#include "answer.h"

#include "input.h"

namespace hard {
namespace {

// The output has of each body y, x (fractions of the input) and score of each
// point, a box, and the score of the body.
constexpr size_t kItems = 56;
float real(const float* output, size_t item) {
  return output[item];
}

Pose pose_of(const float* body, float score, const Placement& placement) {
  constexpr float width = kInputWidth, height = kInputHeight;
  Pose pose;
  pose.score = score;
  for (size_t point = 0; point < kPointCount; ++point) {
    pose.keypoints[point] = {
        placement.frame_x(real(body, 3 * point + 1) * width),
        placement.frame_y(real(body, 3 * point) * height),
        real(body, 3 * point + 2)};
  }
  return pose;
}

}  // namespace

const Poses& Answer::read_poses(const Placement& placement) {
  poses_.clear();
  if (output_ == nullptr) return poses_;
  candidates_.clear();
  for (size_t i = 0; i < kOutputSize / kItems; ++i) {
    const float score = real(output_, i * kItems + kItems - 1);
    // Not where it is no number.
    if (score >= kThreshold) candidates_.add(i, score);
  }
  for (const Candidate& candidate : candidates_) {
    poses_.add(pose_of(output_ + candidate.index * kItems, candidate.score,
                       placement));
  }
  return poses_;
}

}  // namespace hard
