#include "golden_data.h"

#include "self_test.h"

#if SELF_TEST

#include "speech.h"

namespace speech {
namespace {

// clang-format off
const int16_t kCase0Samples[kSamplesSize] = {
    -70, -506, -775, 1183, 1120, 189, 2072, 2506, -615, -1162, 1273, -3730, 573,
    2550, 1011, 758, 267, -3430,
};

const int8_t kCase0Input[kInputSize] = {
    -5, -6, -6, -2, -3, -4, -3, -4, -1, 0, -6, -8, -6, -8, -2, -12, -4, 0, -4,
    0, -3, -4, -4, -11,
};

const float kCase0Output[kOutputSize] = {
    0.21145508f, 0.35305873f, 0.4354862f,
};

const Category kAnswer0[] = {
    {2, 0.4354862f},
    {1, 0.35305873f},
    {0, 0.21145508f},
};

const int16_t kCase1Samples[kSamplesSize] = {
    -1162, 1273, -3730, 573, 2550, 1011, 758, 267, -3430, -858, -5114, -2854,
    14, -7564, 733, 8241, 7097, 8626,
};

const int8_t kCase1Input[kInputSize] = {
    -8, -2, -12, -4, 0, -3, 0, -3, -4, -4, -11, -7, -11, -7, -15, -11, -5, -20,
    -5, -20, -4, 11, 9, 12,
};

const float kCase1Output[kOutputSize] = {
    0.3221726f, 0.372474f, 0.30535334f,
};

const Category kAnswer1[] = {
    {1, 0.372474f},
    {0, 0.3221726f},
    {2, 0.30535334f},
};

const int16_t kCase2Samples[kSamplesSize] = {
    -858, -5114, -2854, 14, -7564, 733, 8241, 7097, 8626, 8499, -526, 1479,
    -8738, -9162, -6739, -6744, -6823, 4100,
};

const int8_t kCase2Input[kInputSize] = {
    -7, -15, -11, -5, -20, -4, -20, -4, 11, 9, 12, 12, 12, 12, -6, -2, -22, -23,
    -22, -23, -18, -18, -18, 3,
};

const float kCase2Output[kOutputSize] = {
    0.6163081f, 0.20128897f, 0.18240292f,
};

const Category kAnswer2[] = {
    {0, 0.6163081f},
    {1, 0.20128897f},
    {2, 0.18240292f},
};

const int16_t kCase3Samples[kSamplesSize] = {
    8499, -526, 1479, -8738, -9162, -6739, -6744, -6823, 4100, -10402, 25,
    -11948, -174, 13194, -3594, 11604, -567, 12403,
};

const int8_t kCase3Input[kInputSize] = {
    12, -6, -2, -22, -23, -18, -23, -18, -18, -18, 3, -25, 3, -25, -5, -28, -6,
    21, -6, 21, -12, 17, -6, 19,
};

const float kCase3Output[kOutputSize] = {
    0.07919161f, 0.60217667f, 0.31863174f,
};

const Category kAnswer3[] = {
    {1, 0.60217667f},
    {2, 0.31863174f},
    {0, 0.07919161f},
};

const int16_t kCase4Samples[kSamplesSize] = {
    -10402, 25, -11948, -174, 13194, -3594, 11604, -567, 12403, 15300, 3525,
    839, -12420, -13239, 1553, -5934, 10434, 4106,
};

const int8_t kCase4Input[kInputSize] = {
    -25, -5, -28, -6, 21, -12, 21, -12, 17, -6, 19, 25, 19, 25, 2, -3, -29, -31,
    -29, -31, -2, -17, 15, 3,
};

const float kCase4Output[kOutputSize] = {
    0.43046102f, 0.25500944f, 0.31452954f,
};

const Category kAnswer4[] = {
    {0, 0.43046102f},
    {2, 0.31452954f},
    {1, 0.25500944f},
};

// clang-format on
}  // namespace

const GoldenCase kGoldenCases[] = {
    {
        "sound_0",
        kCase0Samples,
        kCase0Input,
        kCase0Output,
        kAnswer0,
        3,
    },
    {
        "sound_1",
        kCase1Samples,
        kCase1Input,
        kCase1Output,
        kAnswer1,
        3,
    },
    {
        "sound_2",
        kCase2Samples,
        kCase2Input,
        kCase2Output,
        kAnswer2,
        3,
    },
    {
        "sound_3",
        kCase3Samples,
        kCase3Input,
        kCase3Output,
        kAnswer3,
        3,
    },
    {
        "sound_4",
        kCase4Samples,
        kCase4Input,
        kCase4Output,
        kAnswer4,
        3,
    },
};

}  // namespace speech

#endif  // SELF_TEST
