// The part of Arduino's core that the generated sketches use, on an emulated Cortex-M3 with semihosting.
#pragma once
#include <stddef.h>
#include <stdint.h>

class EmulatedSerial {
 public:
  void begin(unsigned long) {}
  explicit operator bool() const { return true; }
  // At the end of the input these end the program.
  int available();
  int peek();
  int read();
  size_t readBytes(char* buffer, size_t length);
  float parseFloat();

  void print(const char* text);
  void print(char character);
  void print(unsigned long value);
  void print(double value, int digits);
  void println();
  void println(const char* text);
  void println(long value);
  void println(double value, int digits);
};
extern EmulatedSerial Serial;

unsigned long micros();
unsigned long millis();
void delay(unsigned long milliseconds);
void yield();

void setup();
void loop();
