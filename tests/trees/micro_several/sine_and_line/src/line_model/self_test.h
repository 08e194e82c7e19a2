// Replays the golden cases of golden_data.cpp on the board.
//
// Set SELF_TEST to 1 in app.h, or build with -DSELF_TEST=1. With 0, neither the
// test nor its data takes any flash.
#ifndef LINE_MODEL_SELF_TEST_H_
#define LINE_MODEL_SELF_TEST_H_

#include <stddef.h>
#include <stdint.h>

#include "../app.h"

#if SELF_TEST
namespace line_model {

// Prints a line for each case, with the largest difference to the golden output
// and the time of the inference; then the use of the arena, and PASS or FAIL.
// Returns 0 for PASS. `print` writes a line and ends it, `micros` tells the
// time in microseconds.
// The model runs in `arena`.
int self_test(void (*print)(const char* line), unsigned long (*micros)(),
              uint8_t* arena, size_t bytes);

}  // namespace line_model
#endif

#endif  // LINE_MODEL_SELF_TEST_H_
