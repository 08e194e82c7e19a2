#include "input.h"

#include <string.h>

#include "frontend.h"

namespace speech {

const int8_t* Input::slice(size_t index) const {
  if (index >= count_) return nullptr;
  return slices_[(next_ + kSlices - count_ + index) % kSlices];
}

bool Input::take_samples(const int16_t* samples, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    samples_[kept_++] = samples[i];
    if (kept_ < kWindow) continue;
    const bool is_made = run_frontend(samples_, slices_[next_]);
    kept_ = kWindow - kStride;
    memmove(samples_, samples_ + kStride, kept_ * sizeof(int16_t));
    if (!is_made) return false;
    next_ = (next_ + 1) % kSlices;
    if (count_ < kSlices) ++count_;
    ++new_slices_;
  }
  return true;
}

void Input::fill_input() {
  for (size_t i = 0; i < kSlices; ++i) {
    memcpy(input_ + i * kFeatures, slice(i), sizeof(slices_[0]));
  }
  new_slices_ = 0;
}

void Input::clear() {
  kept_ = 0;
  next_ = 0;
  count_ = 0;
  new_slices_ = 0;
}

}  // namespace speech
