// What goes into the model: numbers, as items of its input tensors.
#ifndef MOTION_INPUT_H_
#define MOTION_INPUT_H_

#include <stddef.h>
#include <stdint.h>

namespace motion {

// Input x: float32 [1, 32, 6].
constexpr size_t kInputSize = 192;

// What goes in, for the class in motion.h.
class Input {
 public:
  // kInputSize items; null before begin(). The interpreter reuses the
  // memory: write every item before each invoke().
  float* input() { return input_; }

 protected:
  float* input_ = nullptr;
};

}  // namespace motion

#endif  // MOTION_INPUT_H_
