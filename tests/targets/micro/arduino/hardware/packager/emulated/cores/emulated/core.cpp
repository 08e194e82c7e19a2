#include <stdio.h>
#include <stdlib.h>

#include "Arduino.h"

EmulatedSerial Serial;

// Timer 0 of the board counts down at 25 MHz.
static volatile uint32_t* const timer = reinterpret_cast<volatile uint32_t*>(0x40000000);

unsigned long micros() { return (0xffffffffu - timer[1]) / 25; }
unsigned long millis() { return micros() / 1000; }
void delay(unsigned long) { exit(3); }  // the sketches wait only where they have given up

__attribute__((weak)) void yield() {}

int EmulatedSerial::available() { return peek() >= 0; }

int EmulatedSerial::peek() {
  const int character = getchar();
  if (character == EOF) exit(0);
  ungetc(character, stdin);
  return character;
}

int EmulatedSerial::read() { return getchar(); }

size_t EmulatedSerial::readBytes(char* buffer, size_t length) {
  peek();
  return fread(buffer, 1, length, stdin);
}

float EmulatedSerial::parseFloat() {
  float value = 0;
  return scanf("%f", &value) == 1 ? value : 0;
}

void EmulatedSerial::print(const char* text) { fputs(text, stdout); }
void EmulatedSerial::print(char character) { putchar(character); }
void EmulatedSerial::print(unsigned long value) { printf("%lu", value); }
void EmulatedSerial::print(double value, int digits) { printf("%.*f", digits, value); }
void EmulatedSerial::println() { putchar('\n'); }
void EmulatedSerial::println(const char* text) { puts(text); }
void EmulatedSerial::println(long value) { printf("%ld\n", value); }
void EmulatedSerial::println(double value, int digits) { printf("%.*f\n", digits, value); }

int main() {
  timer[2] = 0xffffffffu;
  timer[1] = 0xffffffffu;
  timer[0] = 1;
  setup();
  for (;;) {
    loop();
    Serial.peek();
  }
}
