// line: its turn in the program.
#ifndef LINE_MODEL_TURN_H_
#define LINE_MODEL_TURN_H_

#include <stddef.h>
#include <stdint.h>

#include "../app.h"

namespace line_model {

// Prepares the model in the arena that all share, takes an input from the
// console, runs the model on it and prints the answer. Returns false at the end
// of the input, and where it failed.
bool take_turn(const Console& console, uint8_t* arena, size_t bytes);

}  // namespace line_model

#endif  // LINE_MODEL_TURN_H_
