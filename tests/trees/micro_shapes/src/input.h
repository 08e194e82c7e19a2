// What goes into the model: camera frames become its input tensor.
#ifndef SHAPES_INPUT_H_
#define SHAPES_INPUT_H_

#include <stddef.h>
#include <stdint.h>

#include "placement.h"

namespace shapes {

// Input image: int8 [1, 96, 96, 3].
// Any picture, letterboxed to 96x96.
// A real number is 0.003921569 * (item + 128).
constexpr size_t kInputSize = 27648;

constexpr int kInputWidth = 96;
constexpr int kInputHeight = 96;
constexpr int kInputChannels = 3;

// How the pixels of a camera frame lie in memory.
enum class PixelFormat {
  kGray,    // one byte a pixel
  kRgb888,  // three bytes a pixel: red, green, blue
  kRgb565,  // two bytes a pixel, the high one first, as camera modules send it
};

// A camera frame, row by row from the top left.
struct Frame {
  const uint8_t* pixels;
  PixelFormat format;
  int width;
  int height;
};

// What goes in, for the class in shapes.h.
class Input {
 public:
  // kInputSize items; null before begin(). The interpreter reuses the
  // memory: write every item before each invoke().
  int8_t* input() { return input_; }

  // Makes the input from the whole frame in its own aspect ratio, on gray 114.
  // A frame of exactly 96x96 becomes the tensor that the other platforms
  // have. Any other is resized by averaging boxes of pixels, which is near to
  // their bilinear resize, not equal.
  // Returns where the frame lies in it, for the answer to be in its pixels.
  Placement fill_input(const Frame& frame);

 protected:
  int8_t* input_ = nullptr;
};

}  // namespace shapes

#endif  // SHAPES_INPUT_H_
