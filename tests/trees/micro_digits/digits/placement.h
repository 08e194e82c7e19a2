// Where the pixels of a frame lie in the input.
#ifndef DIGITS_PLACEMENT_H_
#define DIGITS_PLACEMENT_H_

namespace digits {

// A rectangle of whole pixels.
struct Region {
  int x;
  int y;
  int width;
  int height;
};

// A part of a frame, and what of the input it is resized to.
struct Placement {
  int width;  // of the frame
  int height;
  Region box;     // in the frame
  Region fitted;  // in the input
};

// Where a frame of that size lies: the whole frame, stretched.
Placement place(int width, int height);

}  // namespace digits

#endif  // DIGITS_PLACEMENT_H_
