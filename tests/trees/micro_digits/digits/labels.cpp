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
constexpr size_t kLabelCount = sizeof(kLabels) / sizeof(kLabels[0]);

}  // namespace

const char* Answer::label(size_t index) {
  return index < kLabelCount ? kLabels[index] : "";
}

}  // namespace digits
