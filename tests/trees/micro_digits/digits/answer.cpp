#include "answer.h"

namespace digits {
namespace {

// clang-format off
const char* const kLabels[] = {
    "0",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "7",
    "8",
    "9",
};
// clang-format on
static_assert(sizeof(kLabels) / sizeof(kLabels[0]) == kOutputSize,
              "one label a class");

}  // namespace

size_t Answer::best() const {
  size_t best = 0;
  for (size_t i = 1; i < kOutputSize; ++i) {
    if (output_[i] > output_[best]) best = i;
  }
  return best;
}

float Answer::score(size_t index) const {
  return dequantize_output(output_[index]);
}

const char* Answer::label(size_t index) { return kLabels[index]; }

}  // namespace digits
