// What goes into the model: samples of a microphone become its input tensor.
#ifndef SOUNDS_INPUT_H_
#define SOUNDS_INPUT_H_

#include <stddef.h>
#include <stdint.h>

#include "quantize.h"

namespace sounds {

// Input audio_clip: int16 [1600].
// Input audio clip to be classified.
// A real number is 6.1035156e-05 * item.
constexpr size_t kInputSize = 1600;

constexpr unsigned kSampleRate = 16000;  // Hz, one channel
// Samples from the start of one window to that of the next.
constexpr size_t kHop = 800;

// What goes in, for the class in sounds.h.
class Input {
 public:
  // kInputSize items; null before begin(). The interpreter reuses the
  // memory: write every item before each invoke().
  int16_t* input() { return input_; }
  // The nearest item to a real number, saturating.
  static int16_t quantize_input(float real) {
    return quantize<int16_t>(real, 6.1035156e-05f, 0);
  }

  // Makes the input from kInputSize samples as a microphone gives them, 16-bit
  // PCM at kSampleRate; 32768 stands for 1.0.
  void fill_input(const int16_t* samples);
  // Takes the next samples of a stream, as many as there are, and makes the input
  // of a window of them, each kHop behind the one before. Returns true where one
  // is full, the last one if there are several: invoke() is due.
  bool feed(const int16_t* samples, size_t count);

 protected:
  int16_t* input_ = nullptr;

 private:
  int16_t window_[kInputSize];
  size_t kept_ = 0;
};

}  // namespace sounds

#endif  // SOUNDS_INPUT_H_
