// Stand-in: see README.md.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

static inline bool stdio_init_all(void) { return true; }
static inline bool stdio_usb_connected(void) { return true; }
static inline void sleep_ms(uint32_t) {}
static inline uint32_t time_us_32(void) { return (uint32_t)clock() * (1000000 / CLOCKS_PER_SEC); }
