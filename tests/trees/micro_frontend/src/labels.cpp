#include "answer.h"

namespace speech {
namespace {

// clang-format off
const char* const kLabels[] = {
    "a",
    "b",
    "c",
};
// clang-format on
constexpr size_t kLabelCount = sizeof(kLabels) / sizeof(kLabels[0]);

}  // namespace

const char* Answer::label(size_t index) {
  return index < kLabelCount ? kLabels[index] : "";
}

}  // namespace speech
