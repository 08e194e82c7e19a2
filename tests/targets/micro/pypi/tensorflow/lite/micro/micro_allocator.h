// As the runtime of the package tflite-micro has it: of what is called, the same names and layouts.
#pragma once
#include <cstddef>
#include <cstdint>
namespace tflite {
namespace micro {
enum class MemoryPlannerType { kGreedy, kLinear };
class MicroAllocator {
 public:
  static MicroAllocator* Create(uint8_t* arena, size_t bytes,
                                MemoryPlannerType planner = MemoryPlannerType::kGreedy);
  size_t used_bytes() const;
};
}  // namespace micro
}  // namespace tflite
