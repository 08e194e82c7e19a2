// Replays the golden cases of golden_data.cpp on the board.
//
// Set SELF_TEST to 1 here, or build with -DSELF_TEST=1. With 0, neither the
// test nor its data takes any flash.
#ifndef SHAPES_SELF_TEST_H_
#define SHAPES_SELF_TEST_H_

#ifndef SELF_TEST
#define SELF_TEST 0
#endif

#if SELF_TEST
namespace shapes {

// Prints a line for each case, with the largest difference to the golden output
// and the time of the inference; then which kernels are in the program, the
// use of the arena, and PASS or FAIL.
// Returns 0 for PASS. `print` writes a line and ends it, `micros` tells the
// time in microseconds.
int self_test(void (*print)(const char* line), unsigned long (*micros)());

}  // namespace shapes
#endif

#endif  // SHAPES_SELF_TEST_H_
