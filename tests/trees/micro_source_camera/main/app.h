// The program around the model: the same on every platform, which gives it a
// console.
#ifndef COLORS_APP_H_
#define COLORS_APP_H_

struct Console {
  // Waits for the next byte of the input; negative at its end.
  int (*read)();
  // Writes a line and ends it.
  void (*print)(const char* line);
  // The time in microseconds.
  unsigned long (*micros)();
};

// Runs the model on the input, again and again, until that ends; built with
// SELF_TEST=1 it replays the golden cases instead. Returns 0 for success.
int run_app(const Console& console);

#endif  // COLORS_APP_H_
