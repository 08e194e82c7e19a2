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

// Whether the pixels of each golden class overlap its own, and none is new: most
// pixels of most masks are background, and would hide a class that is missing.
bool agrees(const Hard& model, const GoldenCase& golden) {
  static unsigned long found[kClassCount + 1];
  static unsigned long expected[kClassCount + 1];
  static unsigned long common[kClassCount + 1];
  for (size_t i = 0; i <= kClassCount; ++i) {
    found[i] = expected[i] = common[i] = 0;
  }
  const Placement placement = place(golden.width, golden.height);
  unsigned long count = 0;
  for (int y = 0; y < golden.height; y += golden.step) {
    for (int x = 0; x < golden.width; x += golden.step) {
      size_t index = model.class_at(x, y, placement);
      size_t golden_index = golden.mask[count++];
      // What is no class stands behind all of them.
      if (index > kClassCount) index = kClassCount;
      if (golden_index > kClassCount) golden_index = kClassCount;
      ++found[index];
      ++expected[golden_index];
      if (index == golden_index) ++common[index];
    }
  }
  for (size_t i = 0; i < kClassCount; ++i) {
    // Golden classes of less than a thousandth of the pixels do not count, nor
    // new ones of less than a hundredth.
    if (expected[i] > 0 && 1000 * expected[i] >= count) {
      const unsigned long either = found[i] + expected[i] - common[i];
      if (static_cast<float>(common[i]) <
          kAgreementOverlap * static_cast<float>(either)) {
        return false;
      }
    } else if (expected[i] == 0 && found[i] > 0 && 100 * found[i] >= count) {
      return false;
    }
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
