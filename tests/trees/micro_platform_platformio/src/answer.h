// What comes out of the model: the items of its output tensors.
#ifndef SINE_ANSWER_H_
#define SINE_ANSWER_H_

#include <stddef.h>
#include <stdint.h>

namespace sine {

// Output StatefulPartitionedCall:0: int8 [1, 1].
// A real number is 0.007881705 * item.
constexpr size_t kOutputSize = 1;

// What comes out, for the class in sine.h.
class Answer {
 public:
  // kOutputSize items, valid until the next invoke(); null before begin().
  const int8_t* output() const { return output_; }
  static float dequantize_output(int8_t item) {
    return 0.007881705f * static_cast<float>(item);
  }

 protected:
  const int8_t* output_ = nullptr;
};

}  // namespace sine

#endif  // SINE_ANSWER_H_
