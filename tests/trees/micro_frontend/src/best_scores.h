// The best of many scores, in an array of fixed size.
#ifndef SPEECH_BEST_SCORES_H_
#define SPEECH_BEST_SCORES_H_

#include <stddef.h>

namespace speech {

struct Candidate {
  float score;
  size_t index;
};

// The best candidates, best first, of equal scores the first one added; NaN is
// below all numbers.
template <size_t kMost>
class BestScores {
 public:
  size_t size() const { return size_; }
  const Candidate& operator[](size_t place) const { return items_[place]; }
  const Candidate* begin() const { return items_; }
  const Candidate* end() const { return items_ + size_; }

  void clear() { size_ = 0; }

  void add(size_t index, float score) {
    if (size_ == kMost) {
      if (!is_above(score, items_[kMost - 1].score)) return;
      --size_;
    }
    size_t place = size_++;
    for (; place > 0 && is_above(score, items_[place - 1].score); --place) {
      items_[place] = items_[place - 1];
    }
    items_[place] = {score, index};
  }

 private:
  static bool is_above(float score, float other) {
    return score > other || (other != other && score == score);
  }

  Candidate items_[kMost];
  size_t size_ = 0;
};

}  // namespace speech

#endif  // SPEECH_BEST_SCORES_H_
