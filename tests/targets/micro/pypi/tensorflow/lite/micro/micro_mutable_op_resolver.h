// The kernels of the runtime of the package tflite-micro, of which those are found that were added. `methods.h` is
// made of what this tool knows of operators.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
namespace tflite {
enum BuiltinOperator : int32_t { BuiltinOperator_CUSTOM = 32 };
namespace micro {
enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 };
struct TFLMRegistration;
class MicroOpResolver {
 public:
  using Parser = void (*)();
  virtual const TFLMRegistration* FindOp(BuiltinOperator op) const = 0;
  virtual const TFLMRegistration* FindOp(const char* op) const = 0;
  virtual Parser GetOpDataParser(BuiltinOperator op) const = 0;
  virtual ~MicroOpResolver() {}
};
}  // namespace micro
class PythonOpsResolver : public micro::MicroOpResolver {
 public:
  PythonOpsResolver();
  const micro::TFLMRegistration* FindOp(BuiltinOperator op) const override;
  const micro::TFLMRegistration* FindOp(const char* op) const override;
  Parser GetOpDataParser(BuiltinOperator op) const override;
  ~PythonOpsResolver() override;

 private:
  // More than it has.
  alignas(16) char members_[1 << 17];
};
namespace micro {
template <unsigned int N>
class MicroMutableOpResolver : public MicroOpResolver {
 public:
#include "methods.h"
  const TFLMRegistration* FindOp(BuiltinOperator op) const override {
    for (unsigned int i = 0; i < count_; ++i) {
      if (names_[i] == nullptr && operators_[i] == op) return all().FindOp(op);
    }
    return nullptr;
  }
  const TFLMRegistration* FindOp(const char* op) const override {
    for (unsigned int i = 0; i < count_; ++i) {
      if (names_[i] != nullptr && strcmp(names_[i], op) == 0) return all().FindOp(op);
    }
    return nullptr;
  }
  Parser GetOpDataParser(BuiltinOperator op) const override { return all().GetOpDataParser(op); }

 private:
  static const MicroOpResolver& all() {
    static const PythonOpsResolver& resolver = *new PythonOpsResolver();
    return resolver;
  }
  TfLiteStatus add(int op, const char* name) {
    if (count_ == N) return kTfLiteError;
    operators_[count_] = static_cast<BuiltinOperator>(op);
    names_[count_++] = name;
    return kTfLiteOk;
  }
  BuiltinOperator operators_[N];
  const char* names_[N];
  unsigned int count_ = 0;
};
}  // namespace micro
}  // namespace tflite
