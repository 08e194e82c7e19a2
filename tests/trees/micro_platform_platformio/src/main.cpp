// sine: the serial port of an Arduino board.
#include <Arduino.h>

#include <Chirale_TensorFlowLite.h>

#include "app.h"

namespace {

int read_byte() {
  while (Serial.available() == 0) delay(1);
  return Serial.read();
}

void print_line(const char* line) { Serial.println(line); }

}  // namespace

void setup() {
  Serial.begin(115200);
  // A board with USB of its own: give the monitor 4 s to connect.
  while (!Serial && millis() < 4000) {
  }
  run_app({read_byte, print_line, micros});
}

// Only the self-test, and a failure, get here.
void loop() {}
