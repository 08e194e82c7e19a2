// The model digits as an array in flash.
//
// Made by: packager micro digits.tflite
// Length:  14200 bytes
// SHA-256:
//   66877734410f6e55d5f591322b3bff2af6bdb016acbc8712ac28b9ba9545fd9d
// Metadata and label files are left out; the SHA-256 of the file with them:
//   d0a5e29d218da8c2f43e12e204458e91259f3affd12c09d0c8c47cdca5a3204d
#ifndef DIGITS_MODEL_DATA_H_
#define DIGITS_MODEL_DATA_H_

extern "C" {
extern const unsigned char digits_model_data[];
extern const unsigned int digits_model_size;
}

#endif  // DIGITS_MODEL_DATA_H_
