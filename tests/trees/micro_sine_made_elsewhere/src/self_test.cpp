#include "self_test.h"

#if SELF_TEST

#include <stdint.h>
#include <string.h>

#include "golden_data.h"
#include "line.h"
#include "sine.h"

#ifdef __ELF__
// CMSIS-NN's. A weak name is null where nothing in the program calls it.
extern "C" {
void arm_fully_connected_s8() __attribute__((weak));
void arm_fully_connected_wrapper_s8() __attribute__((weak));
}
#endif

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

#ifdef __ELF__
// Tells whether one of these functions is in the program, and so which kernel
// computes the operator.
template <size_t N>
void print_kernel(void (*print)(const char* line), const char* name,
                  void (*const (&functions)[N])()) {
  bool is_linked = false;
  for (const auto function : functions) {
    is_linked = is_linked || function != nullptr;
  }
  print(Line()
            .text("kernel: ")
            .text(name)
            .text(is_linked ? " of CMSIS-NN" : " of the reference")
            .c_str());
}
#endif

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

int sine::self_test(void (*print)(const char* line),
                    unsigned long (*micros)()) {
  constexpr size_t bytes = kArenaBytes;
  Sine model;
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
#ifdef __ELF__
  // clang-format off
  print_kernel(print, "FULLY_CONNECTED", {
      arm_fully_connected_s8,
      arm_fully_connected_wrapper_s8,
  });
  // clang-format on
#endif
  print(Line()
            .text("arena: ")
            .number(Sine::arena_used())
            .text(" of ")
            .number(bytes)
            .text(" bytes used")
            .c_str());
  print(passed ? "PASS" : "FAIL");
  return passed ? 0 : 1;
}

#endif  // SELF_TEST
