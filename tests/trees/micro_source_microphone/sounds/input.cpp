#include "input.h"

#include <string.h>

namespace sounds {

void Input::fill_input(const int16_t* samples) {
  for (size_t i = 0; i < kInputSize; ++i) {
    input_[i] = quantize_input(static_cast<float>(samples[i]) / 32768.0f);
  }
}

bool Input::feed(const int16_t* samples, size_t count) {
  bool is_full = false;
  for (size_t i = 0; i < count; ++i) {
    window_[kept_++] = samples[i];
    if (kept_ < kInputSize) continue;
    fill_input(window_);
    is_full = true;
    kept_ = kInputSize - kHop;
    memmove(window_, window_ + kHop, kept_ * sizeof(window_[0]));
  }
  return is_full;
}

}  // namespace sounds
