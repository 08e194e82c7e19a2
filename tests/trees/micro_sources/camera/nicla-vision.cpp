#include "source.h"

#include <camera.h>
#include <gc2145.h>

namespace colors {
namespace {

::GC2145 sensor;
::Camera camera(sensor);
// It takes the memory for a frame with the first one.
::FrameBuffer buffer;

}  // namespace

bool begin_source() {
  return camera.begin(CAMERA_R320x240, CAMERA_RGB565, 30);
}

Frame take_frame() {
  // Milliseconds to wait at most.
  if (camera.grabFrame(buffer, 3000) != 0) return {};
  return {buffer.getBuffer(), PixelFormat::kRgb565, 320, 240};
}

}  // namespace colors
