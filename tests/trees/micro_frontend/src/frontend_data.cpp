#include "frontend_data.h"

// const at namespace scope: the linker leaves it in flash.
alignas(16) const unsigned char speech_frontend_data[] = {
    // 38 rows of numbers, sha256 a185f48b314c9ff7180038b75fb5a251388cf80098bc038c438a79185193ba67
};
const unsigned int speech_frontend_size = 456;
