// What comes out of the model: a score for each of its labels.
#ifndef HARD_ANSWER_H_
#define HARD_ANSWER_H_

#include <stddef.h>
#include <stdint.h>

#include "list.h"

namespace hard {

// Output probability: float32 [1, 40].
// Scores of the labels respectively.
constexpr size_t kOutputSize = 40;

// A class of a lower score is no answer.
constexpr float kThreshold = 0.1f;
// So many classes at most are in an answer.
constexpr size_t kMaxResults = 3;

// A class in an answer.
struct Category {
  size_t index;
  float score;
};
using Categories = List<Category, kMaxResults>;

// What comes out, for the class in hard.h.
class Answer {
 public:
  // kOutputSize items, valid until the next invoke(); null before begin().
  const float* output() const { return output_; }

  // The class of the highest score, the lower one among equals.
  size_t best() const;
  // The score of a class: the softmax of the outputs; 0 where there is none.
  float score(size_t index) const;
  // The best classes, best first; they stay until the next call.
  const Categories& read_categories();
  // The name of a class, in UTF-8; "" where there is none.
  static const char* label(size_t index);

 protected:
  const float* output_ = nullptr;

 private:
  // The sum of the powers of all outputs, of which softmax makes shares.
  float sum_of_powers(float highest) const;
  Categories categories_;
};

}  // namespace hard

#endif  // HARD_ANSWER_H_
