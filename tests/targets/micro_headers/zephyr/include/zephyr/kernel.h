// Stand-in: see README.md.
#pragma once
#include <stdint.h>
#include <time.h>

static inline int64_t k_uptime_ticks(void) { return clock(); }
static inline uint64_t k_ticks_to_us_floor64(uint64_t ticks) { return ticks * (1000000 / CLOCKS_PER_SEC); }
