// What comes out of the model: the items of its output tensors.
#ifndef KEYWORD_SCRAMBLED_8BIT_ANSWER_H_
#define KEYWORD_SCRAMBLED_8BIT_ANSWER_H_

#include <stddef.h>
#include <stdint.h>

namespace keyword_scrambled_8bit {

// Output output 53: int32 [1, 2].
// A real number is 3.051851e-05 * item.
constexpr size_t kOutputSize = 2;

// What comes out, for the class in keyword_scrambled_8bit.h.
class Answer {
 public:
  // kOutputSize items, valid until the next invoke(); null before begin().
  const int32_t* output() const { return output_; }
  static float dequantize_output(int32_t item) {
    return 3.051851e-05f * static_cast<float>(item);
  }

 protected:
  const int32_t* output_ = nullptr;
};

}  // namespace keyword_scrambled_8bit

#endif  // KEYWORD_SCRAMBLED_8BIT_ANSWER_H_
