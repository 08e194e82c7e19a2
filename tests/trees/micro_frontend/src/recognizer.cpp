#include "recognizer.h"

namespace speech {

Recognition Recognizer::add(const Answer& answer) {
  for (size_t i = 0; i < kOutputSize; ++i) scores_[next_][i] = answer.score(i);
  next_ = (next_ + 1) % kAnswers;
  if (count_ < kAnswers) ++count_;
  if (quiet_ < answers_in(kQuietMs)) ++quiet_;
  Recognition best = {0, 0.0f, false};
  for (size_t i = 0; i < kOutputSize; ++i) {
    float sum = 0.0f;
    // The oldest first.
    for (size_t j = 0; j < count_; ++j) {
      sum += scores_[(next_ + kAnswers - count_ + j) % kAnswers][i];
    }
    const float average = sum / static_cast<float>(count_);
    if (i == 0 || average > best.score) best = {i, average, false};
  }
  const bool is_sure = count_ >= kLeastAnswers || count_ == kAnswers;
  best.is_new = is_sure && best.score >= kHeardScore &&
                (best.index != heard_ || quiet_ >= answers_in(kQuietMs));
  if (best.is_new) {
    heard_ = best.index;
    quiet_ = 0;
  }
  return best;
}

void Recognizer::clear() {
  next_ = 0;
  count_ = 0;
  heard_ = kOutputSize;
  quiet_ = 0;
}

}  // namespace speech
