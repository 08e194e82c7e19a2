// What comes out of the model: a score for each of its labels.
#ifndef DIGITS_ANSWER_H_
#define DIGITS_ANSWER_H_

#include <stddef.h>
#include <stdint.h>

namespace digits {

// Output probability: int8 [1, 10].
// Scores of the labels respectively.
// A real number is 0.00390625 * (item + 128).
constexpr size_t kOutputSize = 10;

// What comes out, for the class in digits.h.
class Answer {
 public:
  // kOutputSize items, valid until the next invoke().
  const int8_t* output() const { return output_; }
  static float dequantize_output(int8_t item) {
    return 0.00390625f * (static_cast<float>(item) + 128.0f);
  }

  // The class of the highest score, the lower one among equals.
  size_t best() const;
  // The score of a class as a real number.
  float score(size_t index) const;
  // The name of a class, in UTF-8.
  static const char* label(size_t index);

 protected:
  const int8_t* output_ = nullptr;
};

}  // namespace digits

#endif  // DIGITS_ANSWER_H_
