// Prints the nanoseconds of the generated input and of its rival for a frame of
// 320x240 in RGB565: the smallest of many, in turn.
#include <stdio.h>
#include <time.h>

#include "box_average.h"
#include "input.h"

namespace {

uint8_t pixels[320 * 240 * 2];

struct Tensor : shapes::Input {
  int8_t items[shapes::kInputSize];
  Tensor() { input_ = items; }
};

Tensor tensor;

long now() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec * 1000000000L + time.tv_nsec;
}

}  // namespace

int main() {
  unsigned state = 1;
  for (uint8_t& item : pixels) {
    state = state * 1664525u + 1013904223u;
    item = static_cast<uint8_t>(state >> 24);
  }
  long ours = 1L << 60, rival = 1L << 60;
  long sum = 0;
  for (int round = 0; round < 200; ++round) {
    long start = now();
    tensor.fill_input({pixels, shapes::PixelFormat::kRgb565, 320, 240});
    long took = now() - start;
    if (took < ours) ours = took;
    sum += tensor.items[round];
    start = now();
    rival::fill(pixels, 320, 240, tensor.items);
    took = now() - start;
    if (took < rival) rival = took;
    sum += tensor.items[round];
  }
  printf("%ld %ld %ld\n", ours, rival, sum);
}
