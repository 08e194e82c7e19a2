#include "input.h"

namespace shapes {
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

// How many items lie between the channels of a pixel, and between pixels.
constexpr int kChannelStep = 1;
constexpr int kPixelStep = kInputChannels;

// Red, green and blue, 0 to 255 each.
struct Pixel {
  int colors[3];
};

int clamp(int value) { return value < 0 ? 0 : value > 255 ? 255 : value; }

Pixel from_rgb565(int high, int low) {
  const int pixel = high << 8 | low;
  return {(pixel >> 11 & 31) * 255 / 31, (pixel >> 5 & 63) * 255 / 63,
          (pixel & 31) * 255 / 31};
}

// BT.601 in the full range of 8 bits, in integers.
Pixel from_yuv(int luma, int u, int v) {
  u -= 128;
  v -= 128;
  return {clamp(luma + ((91881 * v + 32768) >> 16)),
          clamp(luma + ((-22554 * u - 46802 * v + 32768) >> 16)),
          clamp(luma + ((116130 * u + 32768) >> 16))};
}

__attribute__((always_inline)) inline Pixel pixel_at(const Frame& frame, int x,
                                                     int y) {
  const uint8_t* row = frame.pixels + y * frame.row_stride;
  // Two pixels of YUV 4:2:2 share four bytes.
  const uint8_t* pair = row + x / 2 * 4;
  switch (frame.format) {
    case PixelFormat::kGray:
      return {row[x], row[x], row[x]};
    case PixelFormat::kRgb888:
      return {row[3 * x], row[3 * x + 1], row[3 * x + 2]};
    case PixelFormat::kRgb565:
      return from_rgb565(row[2 * x], row[2 * x + 1]);
    case PixelFormat::kRgb565Le:
      return from_rgb565(row[2 * x + 1], row[2 * x]);
    case PixelFormat::kYuyv:
      return from_yuv(row[2 * x], pair[1], pair[3]);
    case PixelFormat::kUyvy:
      return from_yuv(row[2 * x + 1], pair[0], pair[2]);
  }
  return {0, 0, 0};
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

// Two neighbors along an axis, and how much of 2048 the second one weighs.
struct Span {
  int first;
  int second;
  int weight;
};

// Between which pixels out of `size`, from `origin` on, item `index` of `count`
// lies: half-pixel centers, and no pixel beyond the edges.
Span span(int index, int count, int origin, int size) {
  // A pixel is 2 * count wide; this counts from the one before the first.
  const int position = (2 * index + 1) * size + count;
  const int first = position / (2 * count) - 1;
  const int rest = position % (2 * count);
  return {origin + (first < 0 ? 0 : first),
          origin + (first + 1 < size ? first + 1 : size - 1),
          (rest * 2048 + count) / (2 * count)};
}

// Four pixels in one, rounded once.
Pixel resized(const Frame& frame, const Span& columns, const Span& rows) {
  const Pixel top_left = pixel_at(frame, columns.first, rows.first);
  const Pixel top_right = pixel_at(frame, columns.second, rows.first);
  const Pixel bottom_left = pixel_at(frame, columns.first, rows.second);
  const Pixel bottom_right = pixel_at(frame, columns.second, rows.second);
  const int left = 2048 - columns.weight;
  const int right = columns.weight;
  const int top = 2048 - rows.weight;
  const int bottom = rows.weight;
  Pixel pixel;
  for (int color = 0; color < 3; ++color) {
    pixel.colors[color] = (top_left.colors[color] * (top * left) +
                           top_right.colors[color] * (top * right) +
                           bottom_left.colors[color] * (bottom * left) +
                           bottom_right.colors[color] * (bottom * right) +
                           (1 << 21)) >>
                          22;
  }
  return pixel;
}

}  // namespace

Placement Input::fill_input(const Frame& given) {
  const Frame frame = completed(given);
  const Region& region = frame.region;
  const Placement placement = place(region.width, region.height);
  const int left = region.x + placement.box.x;
  const int top = region.y + placement.box.y;
  const int width = placement.box.width;
  const int height = placement.box.height;
  const Region& fitted = placement.fitted;
  int8_t* item = input_;
  for (int y = 0; y < kInputHeight; ++y) {
    const bool row_is_pad = y < fitted.y || y >= fitted.y + fitted.height;
    const Span rows = span(y - fitted.y, fitted.height, top, height);
    for (int x = 0; x < kInputWidth; ++x, item += kPixelStep) {
      if (row_is_pad || x < fitted.x || x >= fitted.x + fitted.width) {
        for (int channel = 0; channel < kInputChannels; ++channel) {
          item[channel * kChannelStep] = kPixelTable[0][114];
        }
        continue;
      }
      const Span columns = span(x - fitted.x, fitted.width, left, width);
      const Pixel pixel = resized(frame, columns, rows);
      for (int channel = 0; channel < kInputChannels; ++channel) {
        item[channel * kChannelStep] = kPixelTable[0][pixel.colors[channel]];
      }
    }
  }
  return placement;
}

}  // namespace shapes
