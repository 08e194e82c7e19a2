// speech: the console of a computer, or of a board under a debugger or
// QEMU. A board with a serial port of its own replaces the three functions.
#include <stdio.h>
#include <time.h>

#include "app.h"

namespace {

int read_byte() { return getchar(); }

void print_line(const char* line) { puts(line); }

unsigned long micros() {
  return static_cast<unsigned long>(clock()) * (1000000 / CLOCKS_PER_SEC);
}

}  // namespace

int main() { return run_app({read_byte, print_line, micros}); }
