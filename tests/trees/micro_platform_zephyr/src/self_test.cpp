#include "self_test.h"

#if SELF_TEST

#include <stdint.h>
#include <string.h>

#include "golden_data.h"
#include "line.h"
#include "sine.h"

using namespace sine;

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

bool run_case(Sine& model, const GoldenCase& golden,
              void (*print)(const char* line), unsigned long (*micros)()) {
  Line line;
  line.text("case ").text(golden.name).text(": ");
  memcpy(model.input(), golden.input, kInputSize * sizeof(int8_t));
  const unsigned long start = micros();
  const Status status = model.invoke();
  const unsigned long elapsed = micros() - start;
  if (status != Status::kOk) {
    print(line.text(status_text(status)).c_str());
    return false;
  }
  bool passed = true;
  line.text("max difference ");
  const unsigned long output =
      largest_difference(model.output(), golden.output, kOutputSize);
  passed = passed && output <= kToleranceCounts;
  line.number(output).text(", ");
  line.number(elapsed).text(" us");
  print(line.c_str());
  return passed;
}

}  // namespace

int self_test(void (*print)(const char* line), unsigned long (*micros)()) {
  // Told first: the library may fault, instead of failing, in such an arena.
  if (kArenaBytes < kMeasuredArenaBytes) {
    print(Line()
              .text("arena: ")
              .number(kMeasuredArenaBytes - kArenaBytes)
              .text(" bytes less than the minimum on a 64-bit host, which is ")
              .number(kMeasuredArenaBytes)
              .c_str());
  }
  Sine model;
  const Status status = model.begin();
  if (status != Status::kOk) {
    print(Line()
              .text("begin: ")
              .text(status_text(status))
              .text("; it is ")
              .number(kArenaBytes)
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
            .number(Sine::arena_used())
            .text(" of ")
            .number(kArenaBytes)
            .text(" bytes used")
            .c_str());
  print(passed ? "PASS" : "FAIL");
  return passed ? 0 : 1;
}

#endif  // SELF_TEST
