// Where the input comes from: the board's microphone.
#ifndef SOUNDS_SOURCE_H_
#define SOUNDS_SOURCE_H_

#include "sounds.h"

namespace sounds {

// Starts it; false where it does not answer.
bool begin_source();

// Waits for the next samples, 16 bits each at kSampleRate; false where it fails.
bool read_samples(int16_t* samples, size_t count);

}  // namespace sounds

#endif  // SOUNDS_SOURCE_H_
