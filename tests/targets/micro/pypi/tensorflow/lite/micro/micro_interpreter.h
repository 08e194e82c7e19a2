// As the runtime of the package tflite-micro has it: of what is called, the same names and layouts.
#pragma once
#include <cstddef>
#include <cstdint>

#include "tensorflow/lite/micro/micro_allocator.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/micro/micro_profiler_interface.h"
#include "tensorflow/lite/schema/schema_generated.h"
#define TFLITE_SCHEMA_VERSION (3)
namespace tflite {
namespace micro {
struct TfLiteIntArray {
  int size;
  int data[1];
};
struct TfLiteTensor {
  struct {
    int type;
    void* params;
  } quantization;
  struct {
    float scale;
    int32_t zero_point;
  } params;
  union {
    void* data;
  } data;
  TfLiteIntArray* dims;
  size_t bytes;
  int type;
};
class MicroResourceVariables;
class MicroInterpreter {
 public:
  MicroInterpreter(const Model* model, const MicroOpResolver& resolver, MicroAllocator* allocator,
                   MicroResourceVariables* variables, MicroProfilerInterface* profiler);
  ~MicroInterpreter();
  TfLiteStatus AllocateTensors();
  TfLiteStatus Invoke();
  TfLiteStatus Reset();
  TfLiteTensor* input(size_t index);
  TfLiteTensor* output(size_t index);

 private:
  // More than it has.
  alignas(16) char members_[4096];
};
}  // namespace micro
}  // namespace tflite
namespace shim {
// Of the use of its arena the runtime tells in an inline method.
class Interpreter : public tflite::micro::MicroInterpreter {
 public:
  Interpreter(const tflite::Model* model, const tflite::micro::MicroOpResolver& resolver,
              tflite::micro::MicroAllocator* allocator, tflite::micro::MicroResourceVariables* variables = nullptr,
              tflite::micro::MicroProfilerInterface* profiler = nullptr)
      : MicroInterpreter(model, resolver, allocator, variables, profiler), allocator_(allocator) {}
  Interpreter(const tflite::Model* model, const tflite::micro::MicroOpResolver& resolver, uint8_t* arena,
              size_t bytes, tflite::micro::MicroResourceVariables* variables = nullptr,
              tflite::micro::MicroProfilerInterface* profiler = nullptr)
      : Interpreter(model, resolver, tflite::micro::MicroAllocator::Create(arena, bytes), variables, profiler) {}
  size_t arena_used_bytes() const { return allocator_->used_bytes(); }

 private:
  tflite::micro::MicroAllocator* allocator_;
};
}  // namespace shim
namespace tflite {
namespace micro {
using ShimInterpreter = shim::Interpreter;
}
}  // namespace tflite
#define MicroInterpreter ShimInterpreter
