// The front end frontend.tflite as an array in flash.
//
// Length:  456 bytes
// SHA-256:
//   94b4c0bc3c68b8516f412d4de5b806d1defcef6a7c630503e154cde16dcf73f0
#ifndef SPEECH_FRONTEND_DATA_H_
#define SPEECH_FRONTEND_DATA_H_

extern "C" {
extern const unsigned char speech_frontend_data[];
extern const unsigned int speech_frontend_size;
}

#endif  // SPEECH_FRONTEND_DATA_H_
