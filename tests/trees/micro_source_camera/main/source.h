// Where the input comes from: the board's camera.
#ifndef COLORS_SOURCE_H_
#define COLORS_SOURCE_H_

#include "colors.h"

namespace colors {

// Starts it; false where it does not answer.
bool begin_source();

// Waits for the next frame, whose pixels stay until the one after is taken; null
// pixels where none came.
Frame take_frame();

}  // namespace colors

#endif  // COLORS_SOURCE_H_
