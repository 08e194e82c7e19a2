// arduino/ArduinoCore-mbed 4.6.0 (b4ad4e72), libraries/PDM/src/PDM.h, lines 27 to 69.
#pragma once
#include <Arduino.h>

class PDMClass {
 public:
  PDMClass(int dinPin, int clkPin, int pwrPin);
  virtual ~PDMClass();
  int begin(int channels, int sampleRate);
  void end();
  virtual int available();
  virtual int read(void* buffer, size_t size);
  void onReceive(void (*)(void));
  void setGain(int gain);
  void setBufferSize(int bufferSize);
  size_t getBufferSize();

 private:
  void (*_onReceive)(void);
};

extern PDMClass PDM;
