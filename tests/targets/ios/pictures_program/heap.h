// What of the heap is in use, and how often it was asked for memory.
#include <malloc.h>
#include <stddef.h>

size_t heap_bytes(void);
size_t heap_allocations(void);
