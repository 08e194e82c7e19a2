#include "self_test.h"

#if SELF_TEST

#include <stdint.h>
#include <string.h>

#include "golden_data.h"
#include "line.h"
#include "speech.h"

using namespace speech;

namespace {

// The largest difference in counts.
template <typename T>
unsigned long largest_difference(const T* actual, const T* expected,
                                 size_t size) {
  uint64_t largest = 0;
  for (size_t i = 0; i < size; ++i) {
    const uint64_t a = static_cast<uint64_t>(actual[i]);
    const uint64_t b = static_cast<uint64_t>(expected[i]);
    const uint64_t difference = actual[i] > expected[i] ? a - b : b - a;
    if (difference > largest) largest = difference;
  }
  return largest > 0xffffffff ? 0xffffffff
                              : static_cast<unsigned long>(largest);
}

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

// Whether the golden classes have their scores, and no other one is clearly above
// the best of them.
bool agrees(Speech& model, const GoldenCase& golden) {
  for (size_t i = 0; i < golden.answer_count; ++i) {
    const Category& expected = golden.answers[i];
    const float score = model.score(expected.index);
    // Not where it is no number either.
    const float difference = score - expected.score;
    if (!(difference <= kAgreementScore && -difference <= kAgreementScore)) {
      return false;
    }
  }
  const float highest = golden.answers[0].score;
  return !(model.score(model.best()) > highest + 2 * kAgreementScore);
}

bool run_case(Speech& model, const GoldenCase& golden,
              void (*print)(const char* line), unsigned long (*micros)()) {
  Line line;
  line.text("case ").text(golden.name).text(": ");
  const Status reset = model.reset();
  if (reset != Status::kOk) {
    print(line.text(status_text(reset)).c_str());
    return false;
  }
  const unsigned long begin = micros();
  const Status fed = model.feed(golden.samples, kSamplesSize);
  const unsigned long heard = micros() - begin;
  if (fed != Status::kOk) {
    print(line.text(status_text(fed)).c_str());
    return false;
  }
  bool passed = true;
  unsigned long features = 0;
  for (size_t i = 0; i < kSlices; ++i) {
    const unsigned long slice = largest_difference(
        model.slice(i), golden.input + i * kFeatures, kFeatures);
    if (slice > features) features = slice;
  }
  passed = features <= kToleranceCounts;
  line.text("features ").number(features).text(", ");
  line.number(heard / kSlices).text(" us a slice, ");
  const unsigned long start = micros();
  const Status status = model.invoke();
  const unsigned long elapsed = micros() - start;
  if (status != Status::kOk) {
    print(line.text(status_text(status)).c_str());
    return false;
  }
  line.text("max difference ");
  const float output =
      largest_difference(model.output(), golden.output, kOutputSize);
  passed = passed && output <= kToleranceAbsolute;
  line.decimal(output).text(", ");
  line.number(elapsed).text(" us");
  line.text(", ").text(Speech::label(model.best()));
  if (!agrees(model, golden)) {
    passed = false;
    line.text(", the answer differs");
  }
  print(line.c_str());
  return passed;
}

// The arena could shrink to this: what is in use, and what the library needs
// beside it while it plans.
size_t enough_arena() {
  constexpr size_t kPlanningBytes = 288;
  const size_t enough = Speech::arena_used() + kPlanningBytes + 16;
  return (enough + 15) / 16 * 16;
}

}  // namespace

int speech::self_test(void (*print)(const char* line),
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
  // Not on the stack, for it holds samples and features.
  static Speech model;
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
            .number(Speech::arena_used())
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
