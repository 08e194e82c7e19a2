// Golden cases, 544 bytes of them: inputs, and the outputs for them of
// none.
#ifndef HARD_GOLDEN_DATA_H_
#define HARD_GOLDEN_DATA_H_

#include <stddef.h>
#include <stdint.h>

#include "answer.h"

namespace hard {

struct GoldenCase {
  const char* name;
  const float* input;
  const float* output;
  const Category* answers;  // the best classes
  size_t answer_count;
};

// How far an output may be from the golden one: optimized kernels of a board's
// library may round in another way.
constexpr float kToleranceAbsolute = 0.0001f;
// How far a score may be from the golden one.
constexpr float kAgreementScore = 0.0011f;

extern const GoldenCase kGoldenCases[1];

}  // namespace hard

#endif  // HARD_GOLDEN_DATA_H_
