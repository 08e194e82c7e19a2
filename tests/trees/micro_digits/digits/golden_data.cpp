#include "golden_data.h"

#include "self_test.h"

#if SELF_TEST

#include "digits.h"

namespace digits {
namespace {

// clang-format off
const int8_t kCase0Input[kInputSize] = {
    // 61 rows of numbers, sha256 06f215be8f1afd812bda00eeee2ba59ae0f48de01fdccdff6682d36d9e8bd6b2
};

const int8_t kCase0Output[kOutputSize] = {
    -128, -128, -128, -128, -128, 127, -128, -128, -128, -128,
};

const Category kAnswer0[] = {
    {5, 0.99609375f},
    {0, 0.0f},
    {1, 0.0f},
};

const int8_t kCase1Input[kInputSize] = {
    // 63 rows of numbers, sha256 7b76374a15afd8fa2c43db1cfdf58c4180d3cafcd4b37a48b451e07842e30ff1
};

const int8_t kCase1Output[kOutputSize] = {
    -128, -128, -128, -128, -128, -128, -128, -128, -128, 127,
};

const Category kAnswer1[] = {
    {9, 0.99609375f},
    {0, 0.0f},
    {1, 0.0f},
};

const int8_t kCase2Input[kInputSize] = {
    // 62 rows of numbers, sha256 52c6bd909f793a5d544cc4f844d43c2e3f337f9f38aa1214f04655aba6de6cd6
};

const int8_t kCase2Output[kOutputSize] = {
    -128, -82, -128, -128, -128, -128, -128, 75, -128, -121,
};

const Category kAnswer2[] = {
    {7, 0.79296875f},
    {1, 0.1796875f},
    {9, 0.02734375f},
};

const int8_t kCase3Input[kInputSize] = {
    // 61 rows of numbers, sha256 521964b392c5744d53ab08ce6cc98cda06ff204d271cb5a5891c06c1b1849093
};

const int8_t kCase3Output[kOutputSize] = {
    -128, -128, -128, 127, -128, -128, -128, -128, -128, -128,
};

const Category kAnswer3[] = {
    {3, 0.99609375f},
    {0, 0.0f},
    {1, 0.0f},
};

const int8_t kCase4Input[kInputSize] = {
    // 61 rows of numbers, sha256 3ddde8a132ae4efffe00f15d26ae9bf52491af970d5ed87b59d2f9a040ddfe29
};

const int8_t kCase4Output[kOutputSize] = {
    127, -128, -128, -128, -128, -128, -128, -128, -128, -128,
};

const Category kAnswer4[] = {
    {0, 0.99609375f},
    {1, 0.0f},
    {2, 0.0f},
};

// clang-format on
}  // namespace

const GoldenCase kGoldenCases[] = {
    {
        "five",
        kCase0Input,
        kCase0Output,
        kAnswer0,
        3,
    },
    {
        "nine",
        kCase1Input,
        kCase1Output,
        kAnswer1,
        3,
    },
    {
        "seven",
        kCase2Input,
        kCase2Output,
        kAnswer2,
        3,
    },
    {
        "three",
        kCase3Input,
        kCase3Output,
        kAnswer3,
        3,
    },
    {
        "zero",
        kCase4Input,
        kCase4Output,
        kAnswer4,
        3,
    },
};

}  // namespace digits

#endif  // SELF_TEST
