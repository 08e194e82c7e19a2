/* The same as model_data.cpp, for builds that can assemble: the bytes come from model.tflite beside this file,
   which takes a compiler no time and no memory. Link one of the two. */

    .section .rodata.speech_model_data, "a"
    .balign 16
    .global speech_model_data
    .type speech_model_data, %object
speech_model_data:
    .incbin "model.tflite"
    .size speech_model_data, . - speech_model_data

    .section .rodata.speech_model_size, "a"
    .balign 4
    .global speech_model_size
    .type speech_model_size, %object
speech_model_size:
    .4byte 1360
    .size speech_model_size, 4

    .section .note.GNU-stack, "", %progbits
