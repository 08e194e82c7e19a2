#include "source.h"

#include <M5Unified.h>

namespace sounds {

bool begin_source() {
  M5.begin();
  // The board has one of both at a time.
  M5.Speaker.end();
  return M5.Mic.begin();
}

// What is heard between two calls is lost.
bool read_samples(int16_t* samples, size_t count) {
  if (!M5.Mic.record(samples, count, kSampleRate)) return false;
  while (M5.Mic.isRecording() != 0) M5.delay(1);
  return true;
}

}  // namespace sounds
