// What goes into the model: features of a sound, which the front end makes of a
// microphone's samples.
#ifndef SPEECH_INPUT_H_
#define SPEECH_INPUT_H_

#include <stddef.h>
#include <stdint.h>

namespace speech {

// Input features: int8 [1, 4, 6, 1].
// A real number is 0.015625 * (item + 5).
constexpr size_t kInputSize = 24;

constexpr unsigned kSampleRate = 16000;  // Hz, one channel
// The front end makes a slice of kFeatures items of each window of samples, and
// a window begins kStride samples behind the one before.
constexpr size_t kWindow = 6;
constexpr size_t kStride = 4;
constexpr size_t kFeatures = 6;
// So many slices go into the model, 0.00112 s of a sound.
constexpr size_t kSlices = 4;
// Slices from one answer to the next; yours to change, from 1 to kSlices.
constexpr size_t kHop = 4;

// What goes in, for the class in speech.h.
class Input {
 public:
  // Whether as many samples were fed as the model takes.
  bool is_ready() const { return count_ == kSlices; }
  // Slices since the last invoke(): with kHop of them it is time for the next.
  size_t new_slices() const { return new_slices_; }
  // The kFeatures items of a slice, of which 0 is the oldest; null where there is
  // none.
  const int8_t* slice(size_t index) const;

 protected:
  // See feed().
  bool take_samples(const int16_t* samples, size_t count);
  // Puts the slices into the model, the oldest first.
  void fill_input();
  // Forgets the sound so far.
  void clear();

  int8_t* input_ = nullptr;

 private:
  // The samples of the next window so far.
  int16_t samples_[kWindow];
  size_t kept_ = 0;
  // A ring of slices, of which the next one takes the place of the oldest.
  int8_t slices_[kSlices][kFeatures];
  size_t next_ = 0;
  size_t count_ = 0;
  size_t new_slices_ = 0;
};

}  // namespace speech

#endif  // SPEECH_INPUT_H_
