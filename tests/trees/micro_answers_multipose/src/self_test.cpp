#include "self_test.h"

#if SELF_TEST

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "golden_data.h"
#include "hard.h"
#include "line.h"

using namespace hard;

namespace {

// The largest difference; huge where one of the two is not a number.
float largest_difference(const float* actual, const float* expected,
                         size_t size) {
  float largest = 0.0f;
  for (size_t i = 0; i < size; ++i) {
    if (memcmp(&actual[i], &expected[i], sizeof(float)) == 0) continue;
    float difference = actual[i] - expected[i];
    if (difference < 0.0f) difference = -difference;
    if (!(difference <= 3e38f)) difference = 3e38f;
    if (difference > largest) largest = difference;
  }
  return largest;
}

float distance(const Keypoint& a, const Keypoint& b) {
  const float x = a.x - b.x;
  const float y = a.y - b.y;
  return sqrtf(x * x + y * y);
}

float mean_distance(const Pose& a, const Pose& b) {
  float sum = 0.0f;
  for (size_t i = 0; i < kPointCount; ++i) {
    sum += distance(a.keypoints[i], b.keypoints[i]);
  }
  return sum / static_cast<float>(kPointCount);
}

// Whether all points are where they are golden, those that are as good as unseen
// left aside.
bool is_same(const Pose& found, const Pose& expected, float far) {
  for (size_t i = 0; i < kPointCount; ++i) {
    const Keypoint& point = expected.keypoints[i];
    const float difference = found.keypoints[i].score - point.score;
    if (point.score > kAgreementScore &&
        !(distance(found.keypoints[i], point) <= far)) {
      return false;
    }
    if (!(difference <= kAgreementScore && -difference <= kAgreementScore)) {
      return false;
    }
  }
  return true;
}

// Whether the golden poses are there: each takes the nearest one. What only one
// side has counts where its score is clearly beyond the threshold.
bool agree(const Poses& found, const GoldenCase& golden) {
  constexpr float kCertain = kThreshold + kAgreementScore;
  // There is room for fewer than the golden ones where kMaxResults was lowered.
  const bool is_cut = kMaxResults < 6 && found.is_full();
  const int longer = golden.width > golden.height ? golden.width : golden.height;
  const float far = kAgreementDistance * static_cast<float>(longer);
  bool is_taken[kMaxResults] = {};
  for (size_t i = 0; i < golden.answer_count; ++i) {
    const Pose& expected = golden.answers[i];
    float least = 0.0f;
    size_t nearest = kMaxResults;
    for (size_t k = 0; k < found.size(); ++k) {
      const float away = mean_distance(found[k], expected);
      if (is_taken[k] || away != away) continue;
      if (nearest == kMaxResults || away < least) {
        least = away;
        nearest = k;
      }
    }
    if (nearest == kMaxResults || least > far) {
      if (expected.score <= kCertain) continue;
      if (nearest == kMaxResults && is_cut) continue;
    }
    if (nearest == kMaxResults) return false;
    if (!is_same(found[nearest], expected, far)) return false;
    is_taken[nearest] = true;
  }
  for (size_t k = 0; k < found.size(); ++k) {
    // A score that is no number counts.
    if (!is_taken[k] && !(found[k].score <= kCertain)) return false;
  }
  return true;
}

bool run_case(Hard& model, const GoldenCase& golden,
              void (*print)(const char* line), unsigned long (*micros)()) {
  Line line;
  line.text("case ").text(golden.name).text(": ");
  memcpy(model.input(), golden.input, kInputSize * sizeof(float));
  const unsigned long start = micros();
  const Status status = model.invoke();
  const unsigned long elapsed = micros() - start;
  if (status != Status::kOk) {
    print(line.text(status_text(status)).c_str());
    return false;
  }
  bool passed = true;
  line.text("max difference ");
  const float output =
      largest_difference(model.output(), golden.output, kOutputSize);
  passed = passed && output <= kToleranceAbsolute;
  line.decimal(output).text(", ");
  line.number(elapsed).text(" us");
  const Poses& poses = model.read_poses(place(golden.width, golden.height));
  line.text(", poses: ").number(poses.size());
  if (!agree(poses, golden)) {
    passed = false;
    line.text(", the answer differs");
  }
  print(line.c_str());
  return passed;
}

// The arena could shrink to this: what is in use, and what the library needs
// beside it while it plans.
size_t enough_arena() {
  constexpr size_t kPlanningBytes = 0;
  const size_t enough = Hard::arena_used() + kPlanningBytes + 16;
  return (enough + 15) / 16 * 16;
}

}  // namespace

int hard::self_test(void (*print)(const char* line),
                    unsigned long (*micros)()) {
  constexpr size_t bytes = kArenaBytes;
  if (bytes < kNeededArenaBytes) {
    print(Line()
              .text("arena: ")
              .number(kNeededArenaBytes - bytes)
              .text(" bytes less than ")
              .number(kNeededArenaBytes)
              .text(", which the model may need")
              .c_str());
  }
  Hard model;
  const Status status = model.begin();
  if (status != Status::kOk) {
    print(Line()
              .text("begin: ")
              .text(status_text(status))
              .text("; it is ")
              .number(bytes)
              .c_str());
    print("FAIL");
    return 1;
  }
  bool passed = true;
  for (const GoldenCase& golden : kGoldenCases) {
    passed = run_case(model, golden, print, micros) && passed;
  }
  print(Line()
            .text("arena: ")
            .number(Hard::arena_used())
            .text(" of ")
            .number(bytes)
            .text(" bytes used")
            .text("; ")
            .number(enough_arena())
            .text(" would do")
            .c_str());
  print(passed ? "PASS" : "FAIL");
  return passed ? 0 : 1;
}

#endif  // SELF_TEST
