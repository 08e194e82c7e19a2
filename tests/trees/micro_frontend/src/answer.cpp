#include "answer.h"

#include "best_scores.h"

namespace speech {

size_t Answer::best() const {
  if (output_ == nullptr) return 0;
  size_t best = 0;
  float highest = output_[0];
  for (size_t i = 1; i < kOutputSize; ++i) {
    const float other = output_[i];
    // NaN is below all numbers.
    if (other > highest || (highest != highest && other == other)) {
      best = i;
      highest = other;
    }
  }
  return best;
}

float Answer::score(size_t index) const {
  if (output_ == nullptr || index >= kOutputSize) return 0.0f;
  return output_[index];
}

const Categories& Answer::read_categories() {
  categories_.clear();
  if (output_ == nullptr) return categories_;
  BestScores<kMaxResults> best_scores;
  for (size_t i = 0; i < kOutputSize; ++i) {
    const float score = Answer::score(i);
    best_scores.add(i, score);
  }
  for (const Candidate& candidate : best_scores) {
    categories_.add({candidate.index, candidate.score});
  }
  return categories_;
}

}  // namespace speech
