#include "model_data.h"

// const at namespace scope: the linker leaves it in flash.
alignas(16) const unsigned char speech_model_data[] = {
    // 114 rows of numbers, sha256 3ee9758711d786b9ac40fa42d29d480869b532402a886dde26d77c4264ede3f4
};
const unsigned int speech_model_size = 1360;
