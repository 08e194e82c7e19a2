#include "answer.h"

#include <math.h>

#include "best_scores.h"

namespace hard {

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

// Less the highest output, so that no power is too large.
float Answer::sum_of_powers(float highest) const {
  float sum = 0.0f;
  for (size_t i = 0; i < kOutputSize; ++i) {
    sum += expf(output_[i] - highest);
  }
  return sum;
}

float Answer::score(size_t index) const {
  if (output_ == nullptr || index >= kOutputSize) return 0.0f;
  const float highest = output_[best()];
  return expf(output_[index] - highest) /
         sum_of_powers(highest);
}

const Categories& Answer::read_categories() {
  categories_.clear();
  if (output_ == nullptr) return categories_;
  BestScores<kMaxResults> best_scores;
  const float highest = output_[best()];
  const float sum = sum_of_powers(highest);
  for (size_t i = 0; i < kOutputSize; ++i) {
    const float score =
        expf(output_[i] - highest) / sum;
    if (score >= kThreshold) best_scores.add(i, score);
  }
  for (const Candidate& candidate : best_scores) {
    categories_.add({candidate.index, candidate.score});
  }
  return categories_;
}

}  // namespace hard
