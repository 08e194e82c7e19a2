// The names of TensorFlow Lite Micro that generated code uses, as its newest version places them: compile only.
#pragma once
#include <cstdint>
namespace tflite {
struct Model {
  uint32_t version() const;
};
const Model* GetModel(const void* data);
}  // namespace tflite
