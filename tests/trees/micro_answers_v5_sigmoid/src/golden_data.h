// Golden cases, 9984 bytes of them: inputs, and the outputs for them of
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
  const Detection* answers;
  size_t answer_count;
  int width;  // of the frame that the input was made of
  int height;
};

// How far an output may be from the golden one: optimized kernels of a board's
// library may round in another way.
constexpr float kToleranceAbsolute = 0.0001f;
// How far a score may be from the golden one.
constexpr float kAgreementScore = 0.000101f;
// How much of their union a golden box or class must share.
constexpr float kAgreementOverlap = 0.9496f;

extern const GoldenCase kGoldenCases[1];

}  // namespace hard

#endif  // HARD_GOLDEN_DATA_H_
