#pragma once
namespace tflite {
namespace micro {
void InitializeTarget();
}
}  // namespace tflite
