// The model keyword_scrambled_8bit as an array in flash.
//
// Made by: packager micro keyword_scrambled_8bit.tflite
// Length:  29632 bytes
// SHA-256:
//   1d5e0e5c9a7369ca34543fefb46e3047cd6db281adcd8bb8a96aba0a48e88757
#ifndef KEYWORD_SCRAMBLED_8BIT_MODEL_DATA_H_
#define KEYWORD_SCRAMBLED_8BIT_MODEL_DATA_H_

extern "C" {
extern const unsigned char keyword_scrambled_8bit_model_data[];
extern const unsigned int keyword_scrambled_8bit_model_size;
}

#endif  // KEYWORD_SCRAMBLED_8BIT_MODEL_DATA_H_
