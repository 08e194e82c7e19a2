// The model sine as an array in flash.
//
// Made by: packager micro sine.tflite --platform platformio
// Length:  2560 bytes
// SHA-256:
//   a4ea3a2afadffc7f6d3c0f0f7556d93b8ec39e55092dff44183df58444215859
#ifndef SINE_MODEL_DATA_H_
#define SINE_MODEL_DATA_H_

extern "C" {
extern const unsigned char sine_model_data[];
extern const unsigned int sine_model_size;
}

#endif  // SINE_MODEL_DATA_H_
