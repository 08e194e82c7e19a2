// sine: its turn in the program.
#ifndef SINE_TURN_H_
#define SINE_TURN_H_

#include <stddef.h>
#include <stdint.h>

#include "../app.h"

namespace sine {

// Prepares the model in the arena that all share, takes an input from the
// console, runs the model on it and prints the answer. Returns false at the end
// of the input, and where it failed.
bool take_turn(const Console& console, uint8_t* arena, size_t bytes);

}  // namespace sine

#endif  // SINE_TURN_H_
