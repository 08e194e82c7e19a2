/* The same as model_data.cpp, for builds that can assemble: the bytes come from model.tflite beside this file,
   which takes a compiler no time and no memory. Link one of the two. */

    .section .rodata.shapes_model_data, "a"
    .balign 16
    .global shapes_model_data
    .type shapes_model_data, %object
shapes_model_data:
    .incbin "model.tflite"
    .size shapes_model_data, . - shapes_model_data

    .section .rodata.shapes_model_size, "a"
    .balign 4
    .global shapes_model_size
    .type shapes_model_size, %object
shapes_model_size:
    .4byte 71376
    .size shapes_model_size, 4

    .section .note.GNU-stack, "", %progbits
