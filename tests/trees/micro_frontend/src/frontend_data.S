/* The same as frontend_data.cpp, for builds that can assemble: the bytes come from frontend.tflite beside this file,
   which takes a compiler no time and no memory. Link one of the two. */

    .section .rodata.requantized_frontend_data, "a"
    .balign 16
    .global requantized_frontend_data
    .type requantized_frontend_data, %object
requantized_frontend_data:
    .incbin "frontend.tflite"
    .size requantized_frontend_data, . - requantized_frontend_data

    .section .rodata.requantized_frontend_size, "a"
    .balign 4
    .global requantized_frontend_size
    .type requantized_frontend_size, %object
requantized_frontend_size:
    .4byte 456
    .size requantized_frontend_size, 4

    .section .note.GNU-stack, "", %progbits
