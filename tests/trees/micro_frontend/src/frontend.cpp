#include "frontend.h"

#include <new>

#include "frontend_data.h"
#include "quantize.h"
#include "tensorflow/lite/micro/micro_allocator.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

// See speech.cpp.
namespace tflite {
namespace micro {}
}  // namespace tflite

namespace speech {
namespace {

namespace tflm {
using namespace ::tflite;
using namespace ::tflite::micro;
}  // namespace tflm

using Resolver = tflm::MicroMutableOpResolver<1>;
using Interpreter = tflm::MicroInterpreter;

Interpreter* interpreter = nullptr;

template <typename T>
bool is_ok(T status) {
  return static_cast<int>(status) == 0;
}

// Exactly the operators that the front end uses.
bool register_operators(Resolver* resolver) {
  if (!is_ok(resolver->AddQuantize())) return false;
  return true;
}

}  // namespace

Status prepare_frontend(uint8_t* arena, size_t bytes, void** allocator) {
  interpreter = nullptr;
  static Resolver resolver;
  // They register only once.
  static const bool are_registered = register_operators(&resolver);
  if (!are_registered) return Status::kOperatorMissing;
  const auto* model = tflm::GetModel(speech_frontend_data);
  if (model->version() != TFLITE_SCHEMA_VERSION) return Status::kWrongSchema;
  auto* shared = tflm::MicroAllocator::Create(arena, bytes);
  if (shared == nullptr) return Status::kAllocationFailed;
  alignas(Interpreter) static unsigned char memory[sizeof(Interpreter)];
  auto* made = new (memory) Interpreter(model, resolver, shared);
  if (!is_ok(made->AllocateTensors())) return Status::kAllocationFailed;
  interpreter = made;
  *allocator = shared;
  return Status::kOk;
}

bool reset_frontend() { return is_ok(interpreter->Reset()); }

bool run_frontend(const int16_t* samples, int8_t* features) {
  // The model's tensors are in the same place, so all of them are written.
  auto* taken = static_cast<int16_t*>(interpreter->input(0)->data.data);
  for (size_t i = 0; i < kWindow; ++i) {
    taken[i] = quantize<int16_t>(
        static_cast<float>(samples[i]) / 32768.0f, 3.0517578e-05f, 0);
  }
  if (!is_ok(interpreter->Invoke())) return false;
  const auto* items =
      static_cast<const int8_t*>(interpreter->output(0)->data.data);
  for (size_t i = 0; i < kFeatures; ++i) {
    features[i] = quantize<int8_t>(
        0.01f * (static_cast<float>(items[i]) - 3.0f), 0.015625f, -5);
  }
  return true;
}

}  // namespace speech
