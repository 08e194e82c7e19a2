// Where the pixels of a frame lie in the input.
#ifndef SHAPES_PLACEMENT_H_
#define SHAPES_PLACEMENT_H_

namespace shapes {

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

  // Pixels of the input as those of the frame, within it.
  float frame_x(float x) const;
  float frame_y(float y) const;
};

// Where a frame of that size lies: the whole frame in its own aspect ratio, on gray 114.
Placement place(int width, int height);

}  // namespace shapes

#endif  // SHAPES_PLACEMENT_H_
