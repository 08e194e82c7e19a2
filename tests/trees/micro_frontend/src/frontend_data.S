/* The same as frontend_data.cpp, for builds that can assemble: the bytes come from frontend.tflite beside this file,
   which takes a compiler no time and no memory. Link one of the two. */

    .section .rodata.speech_frontend_data, "a"
    .balign 16
    .global speech_frontend_data
    .type speech_frontend_data, %object
speech_frontend_data:
    .incbin "frontend.tflite"
    .size speech_frontend_data, . - speech_frontend_data

    .section .rodata.speech_frontend_size, "a"
    .balign 4
    .global speech_frontend_size
    .type speech_frontend_size, %object
speech_frontend_size:
    .4byte 456
    .size speech_frontend_size, 4

    .section .note.GNU-stack, "", %progbits
