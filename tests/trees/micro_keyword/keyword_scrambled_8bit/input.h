// What goes into the model: numbers, as items of its input tensors.
#ifndef KEYWORD_SCRAMBLED_8BIT_INPUT_H_
#define KEYWORD_SCRAMBLED_8BIT_INPUT_H_

#include <stddef.h>
#include <stdint.h>

#include "quantize.h"

namespace keyword_scrambled_8bit {

// Input input 52: int16 [1, 96].
// A real number is 0.000625 * item.
constexpr size_t kInputSize = 96;

// What goes in, for the class in keyword_scrambled_8bit.h.
class Input {
 public:
  // kInputSize items; null before begin(). The interpreter reuses the
  // memory: write every item before each invoke().
  int16_t* input() { return input_; }
  // The nearest item to a real number, saturating.
  static int16_t quantize_input(float real) {
    return quantize<int16_t>(real, 0.000625f, 0);
  }

 protected:
  int16_t* input_ = nullptr;
};

}  // namespace keyword_scrambled_8bit

#endif  // KEYWORD_SCRAMBLED_8BIT_INPUT_H_
