// Golden cases, 600 bytes of them: inputs, and the outputs for them of
// tflite-micro 0.dev20261023182759.
#ifndef KEYWORD_SCRAMBLED_8BIT_GOLDEN_DATA_H_
#define KEYWORD_SCRAMBLED_8BIT_GOLDEN_DATA_H_

#include <stddef.h>
#include <stdint.h>

namespace keyword_scrambled_8bit {

struct GoldenCase {
  const char* name;
  const int16_t* input;
  const int32_t* output;
};

// How far an output may be from the golden one: optimized kernels of a board's
// library may round in another way.
constexpr unsigned long kToleranceCounts = 2;

extern const GoldenCase kGoldenCases[3];

}  // namespace keyword_scrambled_8bit

#endif  // KEYWORD_SCRAMBLED_8BIT_GOLDEN_DATA_H_
