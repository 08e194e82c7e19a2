// Golden cases, 480 bytes of them: inputs, and the outputs for them of
// tflite-micro 0.dev20261023182759.
#ifndef SPEECH_GOLDEN_DATA_H_
#define SPEECH_GOLDEN_DATA_H_

#include <stddef.h>
#include <stdint.h>

#include "answer.h"

namespace speech {

constexpr size_t kSamplesSize = 18;

struct GoldenCase {
  const char* name;
  const int16_t* samples;
  const int8_t* input;
  const float* output;
  const Category* answers;  // the best classes
  size_t answer_count;
};

// How far an output may be from the golden one: optimized kernels of a board's
// library may round in another way.
constexpr unsigned long kToleranceCounts = 2;
constexpr float kToleranceAbsolute = 0.0001f;
// How far a score may be from the golden one.
constexpr float kAgreementScore = 0.0078135f;

extern const GoldenCase kGoldenCases[5];

}  // namespace speech

#endif  // SPEECH_GOLDEN_DATA_H_
