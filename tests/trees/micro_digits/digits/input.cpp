#include "input.h"

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

// A brightness, 0 to 255.
using Pixel = int;

// Colors are weighted as Pillow does (ITU-R 601).
Pixel from_rgb(int red, int green, int blue) {
  return (red * 19595 + green * 38470 + blue * 7471 + 32768) >> 16;
}

Pixel from_rgb565(int high, int low) {
  const int pixel = high << 8 | low;
  return from_rgb((pixel >> 11 & 31) * 255 / 31, (pixel >> 5 & 63) * 255 / 63,
                  (pixel & 31) * 255 / 31);
}

__attribute__((always_inline)) inline Pixel pixel_at(const Frame& frame, int x,
                                                     int y) {
  const uint8_t* row = frame.pixels + y * frame.row_stride;
  switch (frame.format) {
    case PixelFormat::kGray:
      return row[x];
    case PixelFormat::kRgb888:
      return from_rgb(row[3 * x], row[3 * x + 1], row[3 * x + 2]);
    case PixelFormat::kRgb565:
      return from_rgb565(row[2 * x], row[2 * x + 1]);
    case PixelFormat::kRgb565Le:
      return from_rgb565(row[2 * x + 1], row[2 * x]);
    case PixelFormat::kYuyv:
      return row[2 * x];
    case PixelFormat::kUyvy:
      return row[2 * x + 1];
  }
  return 0;
}

// The frame with what may be left out of it.
Frame completed(Frame frame) {
  if (frame.region.width == 0) {
    frame.region = {0, 0, frame.width, frame.height};
  }
  if (frame.row_stride != 0) return frame;
  switch (frame.format) {
    case PixelFormat::kGray:
      frame.row_stride = frame.width;
      break;
    case PixelFormat::kRgb888:
      frame.row_stride = 3 * frame.width;
      break;
    case PixelFormat::kRgb565:
    case PixelFormat::kRgb565Le:
      frame.row_stride = 2 * frame.width;
      break;
    case PixelFormat::kYuyv:
    case PixelFormat::kUyvy:
      frame.row_stride = (frame.width + 1) / 2 * 4;
      break;
  }
  return frame;
}

struct Span {
  int begin;
  int end;
};

// The pixels out of `size`, from `origin` on, that item `index` of `count`
// covers: at least one.
Span span(int index, int count, int origin, int size) {
  const int begin = static_cast<int>(int64_t{index} * size / count);
  const int end = static_cast<int>(int64_t{index + 1} * size / count);
  return {origin + begin, origin + (end > begin ? end : begin + 1)};
}

// The mean of a box of pixels, rounded half up.
Pixel resized(const Frame& frame, const Span& columns, const Span& rows) {
  const int count = (rows.end - rows.begin) * (columns.end - columns.begin);
  Pixel sum = count / 2;
  for (int y = rows.begin; y < rows.end; ++y) {
    for (int x = columns.begin; x < columns.end; ++x) {
      sum += pixel_at(frame, x, y);
    }
  }
  return sum / count;
}

}  // namespace

void Input::fill_input(const Frame& given) {
  const Frame frame = completed(given);
  const Region& region = frame.region;
  const Placement placement = place(region.width, region.height);
  const int left = region.x + placement.box.x;
  const int top = region.y + placement.box.y;
  const int width = placement.box.width;
  const int height = placement.box.height;
  int8_t* item = input_;
  for (int y = 0; y < kInputHeight; ++y) {
    const Span rows = span(y, kInputHeight, top, height);
    for (int x = 0; x < kInputWidth; ++x, ++item) {
      const Span columns = span(x, kInputWidth, left, width);
      const Pixel pixel = resized(frame, columns, rows);
      *item = kPixelTable[0][pixel];
    }
  }
}

}  // namespace digits
