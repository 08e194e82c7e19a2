// What comes out of the model: a score for each of its labels.
#ifndef DIGITS_ANSWER_H_
#define DIGITS_ANSWER_H_

#include <stddef.h>
#include <stdint.h>

#include "list.h"

namespace digits {

// Output probability: int8 [1, 10].
// Scores of the labels respectively.
// A real number is 0.00390625 * (item + 128).
constexpr size_t kOutputSize = 10;

// So many classes at most are in an answer.
constexpr size_t kMaxResults = 3;

// A class in an answer.
struct Category {
  size_t index;
  float score;
};
using Categories = List<Category, kMaxResults>;

// What comes out, for the class in digits.h.
class Answer {
 public:
  // kOutputSize items, valid until the next invoke(); null before begin().
  const int8_t* output() const { return output_; }
  static float dequantize_output(int8_t item) {
    return 0.00390625f * (static_cast<float>(item) + 128.0f);
  }

  // The class of the highest score, the lower one among equals.
  size_t best() const;
  // The score of a class as a real number; 0 where there is none.
  float score(size_t index) const;
  // The best classes, best first; they stay until the next call.
  const Categories& read_categories();
  // The name of a class, in UTF-8; "" where there is none.
  static const char* label(size_t index);

 protected:
  const int8_t* output_ = nullptr;

 private:
  Categories categories_;
};

}  // namespace digits

#endif  // DIGITS_ANSWER_H_
