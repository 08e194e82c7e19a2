#include "source.h"

#include <Arduino.h>
#include <PDM.h>

namespace sounds {
namespace {

// What is heard while the model runs waits here; what has no room is lost. A
// power of two, so that the counters may overflow.
constexpr size_t kHeardSize = 4096;
volatile int16_t heard[kHeardSize];
volatile size_t heard_count = 0;
volatile size_t taken_count = 0;

// In an interrupt: the library stops where what it has is not taken.
void hear() {
  int16_t samples[128];
  int bytes = ::PDM.available();
  while (bytes > 0) {
    const size_t asked = static_cast<size_t>(bytes) < sizeof(samples)
                             ? static_cast<size_t>(bytes)
                             : sizeof(samples);
    const int read = ::PDM.read(samples, asked);
    if (read <= 0) return;
    const size_t count = static_cast<size_t>(read) / sizeof(samples[0]);
    for (size_t i = 0; i < count; ++i) {
      if (heard_count - taken_count == kHeardSize) break;
      heard[heard_count % kHeardSize] = samples[i];
      heard_count = heard_count + 1;
    }
    bytes -= read;
  }
}

}  // namespace

bool begin_source() {
  ::PDM.onReceive(hear);
  return ::PDM.begin(1, kSampleRate) != 0;
}

bool read_samples(int16_t* samples, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    while (taken_count == heard_count) yield();
    samples[i] = heard[taken_count % kHeardSize];
    taken_count = taken_count + 1;
  }
  return true;
}

}  // namespace sounds
