// What comes out of the model: a class for each pixel.
#ifndef HARD_ANSWER_H_
#define HARD_ANSWER_H_

#include <stddef.h>
#include <stdint.h>

#include "placement.h"

namespace hard {

// Output segmentation_masks: float32 [1, 7, 10, 3].
// Scores of the labels respectively, for each pixel.
constexpr size_t kOutputSize = 210;

// Numbers of classes are below it.
constexpr size_t kClassCount = 3;
// What a mask has where there is no class, or where the model did not look.
constexpr uint8_t kUnseen = 255;

// What comes out, for the class in hard.h.
class Answer {
 public:
  // kOutputSize items, valid until the next invoke(); null before begin().
  const float* output() const { return output_; }

  // The class of a pixel of the frame that `placement` is of, by the nearest of
  // the output's; kUnseen where the model did not look, and before begin().
  uint8_t class_at(int x, int y, const Placement& placement) const;
  // The mask of that frame, row by row, into width * height bytes.
  void read_mask(const Placement& placement, uint8_t* mask) const;
  // The name of a class, in UTF-8; "" where there is none.
  static const char* label(size_t index);

 protected:
  const float* output_ = nullptr;
};

}  // namespace hard

#endif  // HARD_ANSWER_H_
