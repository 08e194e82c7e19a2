// What goes into the model: camera frames become its input tensor.
#ifndef DIGITS_INPUT_H_
#define DIGITS_INPUT_H_

#include <stddef.h>
#include <stdint.h>

#include "placement.h"

namespace digits {

// Input image: int8 [1, 28, 28, 1].
// Input image.
// A real number is 0.003921569 * (item + 128).
constexpr size_t kInputSize = 784;

constexpr int kInputWidth = 28;
constexpr int kInputHeight = 28;

// How the pixels of a camera frame lie in memory.
enum class PixelFormat {
  kGray,      // one byte a pixel
  kRgb888,    // three bytes a pixel: red, green, blue
  kRgb565,    // two bytes a pixel, the high one first, as camera modules send it
  kRgb565Le,  // two bytes a pixel, the low one first, as a uint16_t has them
  kYuyv,      // four bytes two pixels, YUV 4:2:2: Y, U, Y, V
  kUyvy,      // the same in another order: U, Y, V, Y
};

// A camera frame, row by row from the top left. YUV is BT.601 in the full range
// of 8 bits.
struct Frame {
  const uint8_t* pixels;
  PixelFormat format;
  int width;
  int height;
  // Bytes from the start of a row to that of the next; 0 where nothing lies
  // between them.
  int row_stride = 0;
  // The part of it that is taken for the whole; all of it where that is empty.
  Region region = {};
};

// What goes in, for the class in digits.h.
class Input {
 public:
  // kInputSize items; null before begin(). The interpreter reuses the
  // memory: write every item before each invoke().
  int8_t* input() { return input_; }

  // Makes the input from the whole frame, stretched.
  // A frame of exactly 28x28 becomes the tensor that the other platforms
  // have. Any other is resized by averaging boxes of pixels, which is near to
  // their antialiased bilinear resize, not equal.
  void fill_input(const Frame& frame);

 protected:
  int8_t* input_ = nullptr;
};

}  // namespace digits

#endif  // DIGITS_INPUT_H_
