// Golden cases, 6 bytes of them: inputs, and the outputs for them of
// tflite-micro 0.dev20261023182759.
#ifndef SINE_GOLDEN_DATA_H_
#define SINE_GOLDEN_DATA_H_

#include <stddef.h>
#include <stdint.h>

namespace sine {

struct GoldenCase {
  const char* name;
  const int8_t* input;
  const int8_t* output;
};

// How far an output may be from the golden one: optimized kernels of a board's
// library may round in another way.
constexpr unsigned long kToleranceCounts = 2;

extern const GoldenCase kGoldenCases[3];

}  // namespace sine

#endif  // SINE_GOLDEN_DATA_H_
