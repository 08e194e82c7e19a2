// What goes into the model: numbers, as items of its input tensors.
#ifndef SINE_INPUT_H_
#define SINE_INPUT_H_

#include <stddef.h>
#include <stdint.h>

#include "quantize.h"

namespace sine {

// Input x: int8 [1, 1].
// The angle in radians.
// A real number is 0.024639944 * (item + 128).
constexpr size_t kInputSize = 1;

// What goes in, for the class in sine.h.
class Input {
 public:
  // kInputSize items; null before begin(). The interpreter reuses the
  // memory: write every item before each invoke().
  int8_t* input() { return input_; }
  // The nearest item to a real number, saturating.
  static int8_t quantize_input(float real) {
    return quantize<int8_t>(real, 0.024639944f, -128);
  }

 protected:
  int8_t* input_ = nullptr;
};

}  // namespace sine

#endif  // SINE_INPUT_H_
