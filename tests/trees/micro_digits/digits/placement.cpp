#include "placement.h"

#include "input.h"

namespace digits {

Placement place(int width, int height) {
  return {width,
          height,
          {0, 0, width, height},
          {0, 0, kInputWidth, kInputHeight}};
}

}  // namespace digits
