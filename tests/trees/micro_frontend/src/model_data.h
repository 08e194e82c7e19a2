// The model speech as an array in flash.
//
// Made by: packager micro requantized.tflite --name speech --platform cmake --frontend frontend.tflite --frontend-stride 4
// Length:  1360 bytes
// SHA-256:
//   9b3bb2c2b0adf6be9fdb0778885b747f4830d5e588ca9c8739369dc0408b409a
// Metadata and label files are left out; the SHA-256 of the file with them:
//   05c23fdcd652b74f8b403f47a2d6697dadff9b9ce763b1f55f962b03a7e82dfa
#ifndef SPEECH_MODEL_DATA_H_
#define SPEECH_MODEL_DATA_H_

extern "C" {
extern const unsigned char speech_model_data[];
extern const unsigned int speech_model_size;
}

#endif  // SPEECH_MODEL_DATA_H_
