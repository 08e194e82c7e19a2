#include "self_test.h"

#if SELF_TEST

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

float larger(float a, float b) { return a > b ? a : b; }
float smaller(float a, float b) { return a < b ? a : b; }

float area(const Box& box) {
  return larger(box.right - box.left, 0.0f) *
         larger(box.bottom - box.top, 0.0f);
}

// The intersection over union of two boxes; 1 where both are empty.
float overlap(const Box& a, const Box& b) {
  const float common = area({larger(a.left, b.left), larger(a.top, b.top),
                             smaller(a.right, b.right),
                             smaller(a.bottom, b.bottom)});
  const float total = area(a) + area(b) - common;
  if (total > 0.0f) return common / total;
  return total < 0.0f || total != total ? 0.0f : 1.0f;
}

// Whether the golden detections are there: each takes the one of its class that
// overlaps it best. What only one side has counts where its score is clearly
// beyond the threshold.
bool agree(const Detections& found, const GoldenCase& golden) {
  constexpr float kCertain = kThreshold + kAgreementScore;
  // There is room for fewer than the golden ones where kMaxResults was lowered.
  const bool is_cut = kMaxResults < 100 && found.is_full();
  bool is_taken[kMaxResults] = {};
  for (size_t i = 0; i < golden.answer_count; ++i) {
    const Detection& expected = golden.answers[i];
    float most = 0.0f;
    size_t best = kMaxResults;
    for (size_t k = 0; k < found.size(); ++k) {
      const float difference = found[k].score - expected.score;
      if (is_taken[k] || found[k].index != expected.index) continue;
      if (!(difference <= kAgreementScore && -difference <= kAgreementScore)) {
        continue;
      }
      const float share = overlap(found[k].box, expected.box);
      if (share > most) {
        most = share;
        best = k;
      }
    }
    if (most >= kAgreementOverlap) {
      is_taken[best] = true;
    } else if (expected.score > kCertain && !is_cut) {
      return false;
    }
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
  const float output_location =
      largest_difference(model.output_location(), golden.output_location, kOutputLocationSize);
  passed = passed && output_location <= kToleranceAbsolute;
  line.decimal(output_location).text(", ");
  const float output_category =
      largest_difference(model.output_category(), golden.output_category, kOutputCategorySize);
  passed = passed && output_category <= kToleranceAbsolute;
  line.decimal(output_category).text(", ");
  const float output_score =
      largest_difference(model.output_score(), golden.output_score, kOutputScoreSize);
  passed = passed && output_score <= kToleranceAbsolute;
  line.decimal(output_score).text(", ");
  const float output_number_of_detections =
      largest_difference(model.output_number_of_detections(), golden.output_number_of_detections, kOutputNumberOfDetectionsSize);
  passed = passed && output_number_of_detections <= kToleranceAbsolute;
  line.decimal(output_number_of_detections).text(", ");
  line.number(elapsed).text(" us");
  const Detections& detections =
      model.read_detections(place(golden.width, golden.height));
  line.text(", detections: ").number(detections.size());
  if (!agree(detections, golden)) {
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
