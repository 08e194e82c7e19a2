// What is heard over time: one answer alone may be wrong, and a word is in many.
#ifndef SPEECH_RECOGNIZER_H_
#define SPEECH_RECOGNIZER_H_

#include <stddef.h>

#include "answer.h"
#include "input.h"

namespace speech {

// Yours to change; these are the values of TensorFlow Lite Micro's own example.
// Answers are averaged over this time ...
constexpr unsigned kAverageMs = 1000;
// ... of which there must be so many, or as many as there can be,
constexpr size_t kLeastAnswers = 3;
// a class is heard from this score on,
constexpr float kHeardScore = 0.784f;
// and the same one is heard again after this time.
constexpr unsigned kQuietMs = 1500;

// Answers in a time, at least 1.
constexpr size_t answers_in(unsigned milliseconds) {
  return milliseconds * kSampleRate / 1000 < 2 * kHop * kStride
             ? 1
             : milliseconds * kSampleRate / 1000 / (kHop * kStride);
}

// The class of the highest average.
struct Recognition {
  size_t index;
  float score;
  bool is_new;  // it was not heard just before
};

class Recognizer {
 public:
  // Call it after each invoke(), one every kHop slices.
  Recognition add(const Answer& answer);
  // Forgets the answers so far.
  void clear();

 private:
  static constexpr size_t kAnswers = answers_in(kAverageMs);

  // A ring, of which the next answer takes the place of the oldest.
  float scores_[kAnswers][kOutputSize];
  size_t next_ = 0;
  size_t count_ = 0;
  // The class that was heard last, which is none at first, and the answers since.
  size_t heard_ = kOutputSize;
  size_t quiet_ = 0;
};

}  // namespace speech

#endif  // SPEECH_RECOGNIZER_H_
