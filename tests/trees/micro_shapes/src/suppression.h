// Of boxes that overlap the best one: non-maximum suppression.
#ifndef SHAPES_SUPPRESSION_H_
#define SHAPES_SUPPRESSION_H_

#include "box.h"

namespace shapes {

// Whether a box goes, for it and a better one have more than a share of `iou` of
// their union in common; not where a side is no number.
bool covers(const Box& better, const Box& box, float iou);

}  // namespace shapes

#endif  // SHAPES_SUPPRESSION_H_
