// sine: the console of a Zephyr board.
#include <zephyr/console/console.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#include "app.h"

namespace {

int read_byte() { return console_getchar(); }

void print_line(const char* line) { printk("%s\n", line); }

// As fine as the kernel's ticks.
unsigned long micros() {
  const uint64_t ticks = static_cast<uint64_t>(k_uptime_ticks());
  return static_cast<unsigned long>(k_ticks_to_us_floor64(ticks));
}

}  // namespace

int main() {
  console_init();
  return run_app({read_byte, print_line, micros});
}
