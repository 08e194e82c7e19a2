/* The same as model_data.cpp, for builds that can assemble: the bytes come from model.tflite beside this file,
   which takes a compiler no time and no memory. Link one of the two. */

    .section .rodata.requantized_model_data, "a"
    .balign 16
    .global requantized_model_data
    .type requantized_model_data, %object
requantized_model_data:
    .incbin "model.tflite"
    .size requantized_model_data, . - requantized_model_data

    .section .rodata.requantized_model_size, "a"
    .balign 4
    .global requantized_model_size
    .type requantized_model_size, %object
requantized_model_size:
    .4byte 1360
    .size requantized_model_size, 4

    .section .note.GNU-stack, "", %progbits
