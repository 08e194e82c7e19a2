// Golden cases, 28728 bytes of them: inputs, and the outputs for them of
// tflite-micro 0.dev20261023182759.
#ifndef SHAPES_GOLDEN_DATA_H_
#define SHAPES_GOLDEN_DATA_H_

#include <stddef.h>
#include <stdint.h>

#include "answer.h"

namespace shapes {

struct GoldenCase {
  const char* name;
  const int8_t* input;
  const int8_t* output;
  const Detection* answers;
  size_t answer_count;
  int width;  // of the frame that the input was made of
  int height;
};

// How far an output may be from the golden one: optimized kernels of a board's
// library may round in another way.
constexpr unsigned long kToleranceCounts = 2;
// How far a score may be from the golden one.
constexpr float kAgreementScore = 0.0078135f;
// How much of their union a golden box or class must share.
constexpr float kAgreementOverlap = 0.91875f;

extern const GoldenCase kGoldenCases[1];

}  // namespace shapes

#endif  // SHAPES_GOLDEN_DATA_H_
