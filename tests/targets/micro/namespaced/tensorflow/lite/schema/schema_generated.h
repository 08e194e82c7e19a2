// The names of TensorFlow Lite Micro that generated code uses, as its newest version places them: compile only.
#pragma once
#include <cstddef>
#include <cstdint>
namespace flatbuffers {
class Verifier {
 public:
  Verifier(const uint8_t* data, size_t size);
};
}  // namespace flatbuffers
namespace tflite {
struct Model {
  uint32_t version() const;
};
const Model* GetModel(const void* data);
bool VerifyModelBuffer(flatbuffers::Verifier& verifier);
}  // namespace tflite
