// Golden cases, 3970 bytes of them: inputs, and the outputs for them of
// tflite-micro 0.dev20261023182759.
#ifndef DIGITS_GOLDEN_DATA_H_
#define DIGITS_GOLDEN_DATA_H_

#include <stddef.h>
#include <stdint.h>

namespace digits {

struct GoldenCase {
  const char* name;
  const int8_t* input;
  const int8_t* output;
};

// How far an output may be from the golden one: optimized kernels of a board's
// library may round in another way.
constexpr unsigned long kToleranceCounts = 2;

extern const GoldenCase kGoldenCases[5];

}  // namespace digits

#endif  // DIGITS_GOLDEN_DATA_H_
