// The rival of the bilinear resize: means of boxes of pixels, each channel on
// its own, as the generated sketches had it.
#include "box_average.h"

namespace rival {
namespace {

constexpr int kSide = 96;

unsigned color_of(const uint8_t* pixels, size_t index, int color) {
  const unsigned pixel = pixels[2 * index] * 256u + pixels[2 * index + 1];
  if (color == 1) return (pixel >> 5 & 63) * 255 / 63;
  return (pixel >> (color == 0 ? 11 : 0) & 31) * 255 / 31;
}

struct Range {
  int begin;
  int end;
};

Range covered(int index, int count, int size) {
  const int begin = static_cast<int>(int64_t{index} * size / count);
  const int end = static_cast<int>(int64_t{index + 1} * size / count);
  return {begin, end > begin ? end : begin + 1};
}

}  // namespace

void fill(const uint8_t* pixels, int width, int height, int8_t* item) {
  for (int y = 0; y < kSide; ++y) {
    const Range rows = covered(y, kSide, height);
    for (int x = 0; x < kSide; ++x, item += 3) {
      const Range columns = covered(x, kSide, width);
      const unsigned count = static_cast<unsigned>(
          (rows.end - rows.begin) * (columns.end - columns.begin));
      for (int channel = 0; channel < 3; ++channel) {
        uint32_t sum = count / 2;
        for (int row = rows.begin; row < rows.end; ++row) {
          for (int column = columns.begin; column < columns.end; ++column) {
            const int index = row * width + column;
            sum += color_of(pixels, static_cast<size_t>(index), channel);
          }
        }
        item[channel] = static_cast<int8_t>(static_cast<int>(sum / count) - 128);
      }
    }
  }
}

}  // namespace rival
