#ifndef BOX_AVERAGE_H_
#define BOX_AVERAGE_H_

#include <stddef.h>
#include <stdint.h>

namespace rival {

// The 96x96x3 items of a frame in RGB565, the high byte first.
void fill(const uint8_t* pixels, int width, int height, int8_t* item);

}  // namespace rival

#endif  // BOX_AVERAGE_H_
