// The model sine as an array in flash.
//
// Made by: packager micro sine.tflite --platform cmake --arena-bytes 6144
// Length:  2560 bytes
// SHA-256:
//   a4ea3a2afadffc7f6d3c0f0f7556d93b8ec39e55092dff44183df58444215859
// Metadata and label files are left out; the SHA-256 of the file with them:
//   2d06ff36af91b06f17807b1a26d4cefaa9e09017d0930a8ce78226165b1e9d37
#ifndef SINE_MODEL_DATA_H_
#define SINE_MODEL_DATA_H_

extern "C" {
extern const unsigned char sine_model_data[];
extern const unsigned int sine_model_size;
}

#endif  // SINE_MODEL_DATA_H_
