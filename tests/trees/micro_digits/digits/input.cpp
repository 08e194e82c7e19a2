#include "input.h"

#include "placement.h"

namespace digits {
namespace {

// clang-format off
// What a pixel of 0 to 255 becomes in the input: normalized and quantized.
const int8_t kPixelTable[1][256] = {
    {
        -128, -127, -126, -125, -124, -123, -122, -121, -120, -119, -118, -117,
        -116, -115, -114, -113, -112, -111, -110, -109, -108, -107, -106, -105,
        -104, -103, -102, -101, -100, -99, -98, -97, -96, -95, -94, -93, -92,
        -91, -90, -89, -88, -87, -86, -85, -84, -83, -82, -81, -80, -79, -78,
        -77, -76, -75, -74, -73, -72, -71, -70, -69, -68, -67, -66, -65, -64,
        -63, -62, -61, -60, -59, -58, -57, -56, -55, -54, -53, -52, -51, -50,
        -49, -48, -47, -46, -45, -44, -43, -42, -41, -40, -39, -38, -37, -36,
        -35, -34, -33, -32, -31, -30, -29, -28, -27, -26, -25, -24, -23, -22,
        -21, -20, -19, -18, -17, -16, -15, -14, -13, -12, -11, -10, -9, -8, -7,
        -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
        14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
        32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49,
        50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67,
        68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85,
        86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101, 102,
        103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116,
        117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127,
    },
};
// clang-format on

// The brightness, 0 to 255, of the pixel at `index`; colors are weighted as
// Pillow does (ITU-R 601).
unsigned gray_of(const Frame& frame, size_t index) {
  const uint8_t* pixels = frame.pixels;
  if (frame.format == PixelFormat::kGray) return pixels[index];
  unsigned red, green, blue;
  if (frame.format == PixelFormat::kRgb888) {
    red = pixels[3 * index];
    green = pixels[3 * index + 1];
    blue = pixels[3 * index + 2];
  } else {
    const unsigned pixel = pixels[2 * index] * 256u + pixels[2 * index + 1];
    red = (pixel >> 11 & 31) * 255 / 31;
    green = (pixel >> 5 & 63) * 255 / 63;
    blue = (pixel & 31) * 255 / 31;
  }
  return (red * 19595 + green * 38470 + blue * 7471 + 32768) >> 16;
}

struct Range {
  int begin;
  int end;
};

// The pixels out of `size`, from `origin` on, that item `index` of `count`
// covers: at least one.
Range covered(int index, int count, int origin, int size) {
  const int begin = static_cast<int>(int64_t{index} * size / count);
  const int end = static_cast<int>(int64_t{index + 1} * size / count);
  return {origin + begin, origin + (end > begin ? end : begin + 1)};
}

}  // namespace

void Input::fill_input(const Frame& frame) {
  const Placement placement = place(frame.width, frame.height);
  const Region& box = placement.box;
  int8_t* item = input_;
  for (int y = 0; y < kInputHeight; ++y) {
    const Range rows = covered(y, kInputHeight, box.y, box.height);
    for (int x = 0; x < kInputWidth; ++x, ++item) {
      const Range columns = covered(x, kInputWidth, box.x, box.width);
      const unsigned count = static_cast<unsigned>(
          (rows.end - rows.begin) * (columns.end - columns.begin));
      uint32_t sum = count / 2;
      for (int row = rows.begin; row < rows.end; ++row) {
        for (int column = columns.begin; column < columns.end; ++column) {
          const int index = row * frame.width + column;
          sum += gray_of(frame, static_cast<size_t>(index));
        }
      }
      *item = kPixelTable[0][sum / count];
    }
  }
}

}  // namespace digits
