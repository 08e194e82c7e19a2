#include "source.h"

#include <Arduino_OV767X.h>

namespace colors {
namespace {

uint8_t pixels[50688];

}  // namespace

bool begin_source() {
  // Of its frame rates, 1 and 5 a second work on this board.
  return ::Camera.begin(QCIF, RGB565, 5, OV7675) != 0;
}

Frame take_frame() {
  ::Camera.readFrame(pixels);
  return {pixels, PixelFormat::kRgb565, ::Camera.width(), ::Camera.height()};
}

}  // namespace colors
