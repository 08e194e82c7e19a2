// colors: the console of an ESP32 board.
#include <stdio.h>

#include "app.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

namespace {

// The console answers at once, with EOF where nothing was typed.
int read_byte() {
  int byte = getchar();
  while (byte == EOF) {
    clearerr(stdin);
    vTaskDelay(1);
    byte = getchar();
  }
  return byte;
}

void print_line(const char* line) { puts(line); }

unsigned long micros() {
  return static_cast<unsigned long>(esp_timer_get_time());
}

}  // namespace

extern "C" void app_main() { run_app({read_byte, print_line, micros}); }
