// Golden cases, 6 bytes of them: inputs, and the outputs for them of
// ai-edge-litert 2.3.0, reference kernels.
// They stand in for TensorFlow Lite Micro, which was not at hand.
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

// How far an output may be from the golden one: some kernels of TensorFlow Lite
// Micro round in another way than those that stood in for them.
constexpr unsigned long kToleranceCounts = 12;

extern const GoldenCase kGoldenCases[3];

}  // namespace sine

#endif  // SINE_GOLDEN_DATA_H_
