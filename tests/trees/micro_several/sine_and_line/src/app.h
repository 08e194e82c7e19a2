// The program around the models: the same on every platform, which gives it a
// console.
#ifndef SINE_AND_LINE_APP_H_
#define SINE_AND_LINE_APP_H_

// Set it to 1 here, or build with -DSELF_TEST=1, and the golden cases of all
// models are replayed. With 0, neither tests nor their data take any flash.
#ifndef SELF_TEST
#define SELF_TEST 0
#endif

struct Console {
  // Waits for the next byte of the input; negative at its end.
  int (*read)();
  // Writes a line and ends it.
  void (*print)(const char* line);
  // The time in microseconds.
  unsigned long (*micros)();
};

// Runs one model after the other, each on an input of its own, again and again,
// until the input ends. Returns 0 for success.
int run_app(const Console& console);

#endif  // SINE_AND_LINE_APP_H_
