#include "source.h"

#include <camera.h>
#include <himax.h>

namespace colors {
namespace {

::HM01B0 sensor;
::Camera camera(sensor);
// It takes the memory for a frame with the first one.
::FrameBuffer buffer;

}  // namespace

bool begin_source() {
  return camera.begin(CAMERA_R320x240, CAMERA_GRAYSCALE, 30);
}

Frame take_frame() {
  // Milliseconds to wait at most.
  if (camera.grabFrame(buffer, 3000) != 0) return {};
  return {buffer.getBuffer(), PixelFormat::kGray, 320, 240};
}

}  // namespace colors
