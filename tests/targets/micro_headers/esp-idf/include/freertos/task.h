// Stand-in: see README.md.
#pragma once
#include <stdlib.h>

// The project waits only where nothing was typed, and after the end of a file nothing will be.
static inline void vTaskDelay(TickType_t) { exit(0); }
