// Of a model what is read of it here.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
namespace flatbuffers {
class Verifier {
 public:
  Verifier(const uint8_t*, size_t) {}
};
}  // namespace flatbuffers
namespace tflite {
struct Model {
  // Its first field, where its table says that it is.
  uint32_t version() const {
    const auto* table = reinterpret_cast<const uint8_t*>(this);
    int32_t offset;
    std::memcpy(&offset, table, sizeof(offset));
    uint16_t field;
    std::memcpy(&field, table - offset + 4, sizeof(field));
    uint32_t number;
    std::memcpy(&number, table + field, sizeof(number));
    return number;
  }
};
inline const Model* GetModel(const void* data) {
  uint32_t offset;
  std::memcpy(&offset, data, sizeof(offset));
  return reinterpret_cast<const Model*>(static_cast<const uint8_t*>(data) + offset);
}
// What tests of use() have a real one for.
inline bool VerifyModelBuffer(flatbuffers::Verifier&) { return true; }
}  // namespace tflite
