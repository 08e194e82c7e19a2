// A rectangle by its sides.
#ifndef SHAPES_BOX_H_
#define SHAPES_BOX_H_

namespace shapes {

struct Box {
  float left;
  float top;
  float right;
  float bottom;
};

}  // namespace shapes

#endif  // SHAPES_BOX_H_
