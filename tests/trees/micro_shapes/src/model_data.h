// The model shapes as an array in flash.
//
// Made by: packager micro shapes.tflite --name shapes --platform cmake
// Length:  71376 bytes
// SHA-256:
//   f6b620e30bf9067088646c465bda8c352eba0d3a2c646a1bc365e0d2400dfc2e
// Metadata and label files are left out; the SHA-256 of the file with them:
//   93b4500e866cc12fee8114188400e3f9d5dda4c0ee336f3851d658d309b0d0e4
#ifndef SHAPES_MODEL_DATA_H_
#define SHAPES_MODEL_DATA_H_

extern "C" {
extern const unsigned char shapes_model_data[];
extern const unsigned int shapes_model_size;
}

#endif  // SHAPES_MODEL_DATA_H_
