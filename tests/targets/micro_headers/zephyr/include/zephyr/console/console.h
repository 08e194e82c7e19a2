// Stand-in: see README.md.
#pragma once
#include <stdio.h>

static inline int console_init(void) { return 0; }
static inline int console_getchar(void) { return getchar(); }
