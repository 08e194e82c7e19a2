#include "model_data.h"

// const at namespace scope: the linker leaves it in flash.
alignas(16) const unsigned char keyword_scrambled_8bit_model_data[] = {
    // 2470 rows of numbers, sha256 355f4e05453f02c7d5c0c8327d6658d920f3a90c9aa344fdcea266f193fcb3be
};
const unsigned int keyword_scrambled_8bit_model_size = 29632;
