#include "model_data.h"

// const at namespace scope: the linker leaves it in flash.
alignas(16) const unsigned char digits_model_data[] = {
    // 1184 rows of numbers, sha256 44e4c80fe99d66a4da20988b12ed5666e8be550b10e2d6ed365c35814be858a3
};
const unsigned int digits_model_size = 14200;
