// The model requantized as an array in flash.
//
// Made by: packager micro requantized.tflite --platform cmake --frontend frontend.tflite --frontend-stride 4
// Length:  1360 bytes
// SHA-256:
//   9b3bb2c2b0adf6be9fdb0778885b747f4830d5e588ca9c8739369dc0408b409a
// Metadata and label files are left out; the SHA-256 of the file with them:
//   05c23fdcd652b74f8b403f47a2d6697dadff9b9ce763b1f55f962b03a7e82dfa
#ifndef REQUANTIZED_MODEL_DATA_H_
#define REQUANTIZED_MODEL_DATA_H_

extern "C" {
extern const unsigned char requantized_model_data[];
extern const unsigned int requantized_model_size;
}

#endif  // REQUANTIZED_MODEL_DATA_H_
