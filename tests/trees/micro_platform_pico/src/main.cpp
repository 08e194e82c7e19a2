// sine: the USB console of a Raspberry Pi Pico.
#include <stdio.h>

#include "app.h"
#include "pico/stdlib.h"

namespace {

int read_byte() { return getchar(); }

void print_line(const char* line) { puts(line); }

unsigned long micros() { return time_us_32(); }

}  // namespace

int main() {
  stdio_init_all();
  // A line that is printed before the computer listens is lost.
  while (!stdio_usb_connected()) sleep_ms(100);
  return run_app({read_byte, print_line, micros});
}
