#include "golden_data.h"

#include "self_test.h"

#if SELF_TEST

#include "sine.h"

namespace sine {
namespace {

// clang-format off
const int8_t kCase0Input[kInputSize] = {
    34,
};

const int8_t kCase0Output[kOutputSize] = {
    -99,
};

const int8_t kCase1Input[kInputSize] = {
    -59,
};

const int8_t kCase1Output[kOutputSize] = {
    124,
};

const int8_t kCase2Input[kInputSize] = {
    -118,
};

const int8_t kCase2Output[kOutputSize] = {
    30,
};

// clang-format on
}  // namespace

const GoldenCase kGoldenCases[] = {
    {
        "random_0",
        kCase0Input,
        kCase0Output,
    },
    {
        "random_1",
        kCase1Input,
        kCase1Output,
    },
    {
        "random_2",
        kCase2Input,
        kCase2Output,
    },
};

}  // namespace sine

#endif  // SELF_TEST
