// Real numbers as items of a quantized tensor.
#ifndef SOUNDS_QUANTIZE_H_
#define SOUNDS_QUANTIZE_H_

#include <math.h>

#include <limits>

namespace sounds {

// Rounds half away from zero and saturates; not-a-number becomes the minimum.
template <typename T>
T quantize(float real, float scale, int zero_point) {
  using Limits = std::numeric_limits<T>;
  const float item = roundf(real / scale) + static_cast<float>(zero_point);
  if (!(item > static_cast<float>(Limits::min()))) return Limits::min();
  if (item >= static_cast<float>(Limits::max())) return Limits::max();
  return static_cast<T>(item);
}

}  // namespace sounds

#endif  // SOUNDS_QUANTIZE_H_
