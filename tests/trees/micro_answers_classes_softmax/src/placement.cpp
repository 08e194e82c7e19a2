#include "placement.h"

#include "input.h"

namespace hard {

Placement place(int width, int height) {
  return {width,
          height,
          {0, 0, width, height},
          {0, 0, kInputWidth, kInputHeight}};
}

}  // namespace hard
