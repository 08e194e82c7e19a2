// Today's MicroInterpreter interface over TensorFlow Lite Micro of 2020, which is in the crate tfmicro.
#pragma once
#include_next "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_error_reporter.h"
#include "tensorflow/lite/micro/micro_profiler_interface.h"
#ifndef TFLITE_SCHEMA_VERSION
#define TFLITE_SCHEMA_VERSION (3)
#endif
namespace shim {
inline tflite::ErrorReporter* error_reporter() {
  static tflite::MicroErrorReporter reporter;
  return &reporter;
}
// That of 2020 serves one interpreter: two halves of the arena stand in for sharing it.
struct Allocator {
  static Allocator* Create(uint8_t* arena, size_t bytes) {
    static Allocator allocator;
    allocator = {arena, bytes / 32 * 16};
    return &allocator;
  }
  uint8_t* next() { return (arena += bytes) - bytes; }
  uint8_t* arena;
  size_t bytes;
};
struct Interpreter : tflite::MicroInterpreter {
  Interpreter(const tflite::Model* model, const tflite::MicroOpResolver& resolver, uint8_t* arena, size_t size)
      : tflite::MicroInterpreter(model, resolver, arena, size, error_reporter()) {}
  Interpreter(const tflite::Model* model, const tflite::MicroOpResolver& resolver, uint8_t* arena, size_t size,
              void*, tflite::MicroProfilerInterface* profiler)
      : Interpreter(model, resolver, arena, size) {
    current_profiler() = profiler;
  }
  Interpreter(const tflite::Model* model, const tflite::MicroOpResolver& resolver, Allocator* allocator,
              void* = nullptr, tflite::MicroProfilerInterface* profiler = nullptr)
      : Interpreter(model, resolver, allocator->next(), allocator->bytes, nullptr, profiler) {}
  TfLiteStatus Reset() { return ResetVariableTensors(); }
};
}  // namespace shim
namespace tflite {
using ShimInterpreter = shim::Interpreter;
using ShimAllocator = shim::Allocator;
}
#define MicroInterpreter ShimInterpreter
#define MicroAllocator ShimAllocator
