// What comes out of the model: a score for each of its labels.
#ifndef SPEECH_ANSWER_H_
#define SPEECH_ANSWER_H_

#include <stddef.h>
#include <stdint.h>

#include "list.h"

namespace speech {

// Output probability: float32 [1, 3].
// Scores of the labels respectively.
constexpr size_t kOutputSize = 3;

// So many classes at most are in an answer.
constexpr size_t kMaxResults = 3;

// A class in an answer.
struct Category {
  size_t index;
  float score;
};
using Categories = List<Category, kMaxResults>;

// What comes out, for the class in speech.h.
class Answer {
 public:
  // kOutputSize items, valid until the next invoke(); null before begin().
  const float* output() const { return output_; }

  // The class of the highest score, the lower one among equals.
  size_t best() const;
  // The score of a class as a real number; 0 where there is none.
  float score(size_t index) const;
  // The best classes, best first; they stay until the next call.
  const Categories& read_categories();
  // The name of a class, in UTF-8; "" where there is none.
  static const char* label(size_t index);

 protected:
  const float* output_ = nullptr;

 private:
  Categories categories_;
};

}  // namespace speech

#endif  // SPEECH_ANSWER_H_
