// Where the pixels of a frame lie in the input.
#ifndef HARD_PLACEMENT_H_
#define HARD_PLACEMENT_H_

namespace hard {

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

// Where a frame of that size lies: the largest centered box of the input's aspect ratio.
Placement place(int width, int height);

}  // namespace hard

#endif  // HARD_PLACEMENT_H_
