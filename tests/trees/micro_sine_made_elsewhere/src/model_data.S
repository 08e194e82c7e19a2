/* The same as model_data.cpp, for builds that can assemble: the bytes come from model.tflite beside this file,
   which takes a compiler no time and no memory. Link one of the two. */

    .section .rodata.sine_model_data, "a"
    .balign 16
    .global sine_model_data
    .type sine_model_data, %object
sine_model_data:
    .incbin "model.tflite"
    .size sine_model_data, . - sine_model_data

    .section .rodata.sine_model_size, "a"
    .balign 4
    .global sine_model_size
    .type sine_model_size, %object
sine_model_size:
    .4byte 2560
    .size sine_model_size, 4

    .section .note.GNU-stack, "", %progbits
