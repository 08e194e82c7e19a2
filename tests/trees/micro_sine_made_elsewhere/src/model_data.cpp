#include "model_data.h"

// const at namespace scope: the linker leaves it in flash.
alignas(16) const unsigned char sine_model_data[] = {
    // 214 rows of numbers, sha256 412fc94d70d8c32973d88c60f51e74d3b7417539109fd4b35a7fd44ed921eea0
};
const unsigned int sine_model_size = 2560;
