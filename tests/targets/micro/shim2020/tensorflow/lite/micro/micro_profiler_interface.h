// Today's MicroProfilerInterface, which TensorFlow Lite Micro of 2020 has not.
#pragma once
#include <stdint.h>
namespace tflite {
class MicroProfilerInterface {
 public:
  virtual ~MicroProfilerInterface() {}
  virtual uint32_t BeginEvent(const char* tag) = 0;
  virtual void EndEvent(uint32_t event) = 0;
  void operator delete(void*) {}
};
}  // namespace tflite
namespace shim {
// That of the interpreter that was made last, for its operators to tell.
inline tflite::MicroProfilerInterface*& current_profiler() {
  static tflite::MicroProfilerInterface* profiler = nullptr;
  return profiler;
}
}  // namespace shim
