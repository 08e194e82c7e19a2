// The model in front of the model, for speech.cpp and input.cpp alone.
#ifndef SPEECH_FRONTEND_H_
#define SPEECH_FRONTEND_H_

#include <stddef.h>
#include <stdint.h>

#include "speech.h"

namespace speech {

// Prepares the front end in the arena. `allocator` becomes the tflite::MicroAllocator
// in which the model is prepared too: what both keep stands side by side, and their
// tensors, of which each needs its own only while it runs, share a place.
Status prepare_frontend(uint8_t* arena, size_t bytes, void** allocator);

// Forgets the sound so far.
bool reset_frontend();

// Makes kFeatures items of kWindow samples.
bool run_frontend(const int16_t* samples, int8_t* features);

}  // namespace speech

#endif  // SPEECH_FRONTEND_H_
