// What several interpreters share: compile only.
#pragma once
#include <cstddef>
#include <cstdint>
namespace tflite {
namespace micro {
class MicroAllocator {
 public:
  static MicroAllocator* Create(uint8_t* arena, size_t bytes, int planner = 0);
};
}  // namespace micro
}  // namespace tflite
