// Devices of an emulated board: what they give comes from the serial port, and
// its end is the program's.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <Arduino.h>

#if defined(STAND_IN_MICROPHONE)

#include <PDM.h>

namespace {

// A block of 100 samples at a time, of which the last may be shorter.
char block[200];
size_t held = 0;
size_t offset = 0;
void (*receiver)(void) = nullptr;

}  // namespace

PDMClass PDM(0, 0, 0);
PDMClass::PDMClass(int, int, int) : _onReceive(nullptr) {}
PDMClass::~PDMClass() {}
int PDMClass::begin(int channels, int rate) { return channels == 1 && rate == 16000; }
int PDMClass::available() { return static_cast<int>(held - offset); }
int PDMClass::read(void* buffer, size_t size) {
  const size_t count = size < held - offset ? size : held - offset;
  memcpy(buffer, block + offset, count);
  offset += count;
  return static_cast<int>(count);
}
void PDMClass::onReceive(void (*function)(void)) { receiver = function; }

void yield() {
  // What was not taken is in the way.
  if (offset != held) exit(9);
  held = fread(block, 1, sizeof(block), stdin);
  offset = 0;
  if (held == 0) exit(0);
  receiver();
}

#elif defined(STAND_IN_CAMERA)

#include <gc2145.h>

arduino::MbedI2C CameraWire;
GC2145::GC2145(arduino::MbedI2C&) {}
int GC2145::init() { return 0; }
FrameBuffer::FrameBuffer() : _fb_size(0), _fb(nullptr) {}
uint8_t* FrameBuffer::getBuffer() { return _fb; }
void FrameBuffer::setBuffer(uint8_t* buffer) { _fb = buffer; }
Camera::Camera(ImageSensor& given) : sensor(&given) {}
bool Camera::begin(int32_t resolution, int32_t format, int32_t rate) {
  return sensor->init() == 0 && resolution == CAMERA_R320x240 && format == CAMERA_RGB565 && rate == 30;
}
int Camera::grabFrame(FrameBuffer& buffer, uint32_t) {
  static uint8_t pixels[320 * 240 * 2];
  buffer.setBuffer(pixels);
  if (fread(pixels, sizeof(pixels), 1, stdin) != 1) exit(0);
  return 0;
}
void yield() {}

#elif defined(STAND_IN_IMU)

#include <Arduino_LSM6DSOX.h>

namespace {

float values[3];
bool has_acceleration = false;

}  // namespace

static arduino::MbedI2C wire;
LSM6DSOXClass IMU_LSM6DSOX(wire, 0);
LSM6DSOXClass::LSM6DSOXClass(TwoWire&, uint8_t) {}
LSM6DSOXClass::~LSM6DSOXClass() {}
int LSM6DSOXClass::begin() { return 1; }
int LSM6DSOXClass::accelerationAvailable() { return has_acceleration; }
int LSM6DSOXClass::readAcceleration(float& x, float& y, float& z) {
  x = values[0];
  y = values[1];
  z = values[2];
  has_acceleration = false;
  return 1;
}

void yield() {
  if (fread(values, sizeof(values), 1, stdin) != 1) exit(0);
  has_acceleration = true;
}

#endif
