// Today's MicroMutableOpResolver interface over TensorFlow Lite Micro of 2020, which is in the crate tfmicro.
#pragma once
#include_next "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/micro/kernels/micro_ops.h"
#include "tensorflow/lite/micro/micro_profiler_interface.h"
namespace shim {
// An operator that tells the profiler when it runs, as today's interpreter does.
template <int kOperator>
struct Profiled {
  static TfLiteRegistration* of(TfLiteRegistration* registration, const char* name) {
    original() = registration;
    title() = name;
    static TfLiteRegistration profiled;
    profiled = *registration;
    profiled.invoke = invoke;
    return &profiled;
  }
  static TfLiteRegistration*& original() {
    static TfLiteRegistration* registration = nullptr;
    return registration;
  }
  static const char*& title() {
    static const char* name = nullptr;
    return name;
  }
  static TfLiteStatus invoke(TfLiteContext* context, TfLiteNode* node) {
    tflite::MicroProfilerInterface* profiler = current_profiler();
    const uint32_t event = profiler != nullptr ? profiler->BeginEvent(title()) : 0;
    const TfLiteStatus status = original()->invoke(context, node);
    if (profiler != nullptr) profiler->EndEvent(event);
    return status;
  }
};
template <unsigned N>
struct Resolver : tflite::MicroMutableOpResolver<N> {
  void operator delete(void*) {}
#define SHIM_ADD(Method, NAME)                                                      \
  TfLiteStatus Method() {                                                           \
    return this->AddBuiltin(tflite::BuiltinOperator_##NAME,                         \
                            Profiled<tflite::BuiltinOperator_##NAME>::of(                 \
                                tflite::ops::micro::Register_##NAME(), #NAME),            \
                            tflite::MicroOpResolverAnyVersion());                   \
  }
  SHIM_ADD(AddAdd, ADD)
  SHIM_ADD(AddAveragePool2D, AVERAGE_POOL_2D)
  SHIM_ADD(AddConcatenation, CONCATENATION)
  SHIM_ADD(AddConv2D, CONV_2D)
  SHIM_ADD(AddDepthwiseConv2D, DEPTHWISE_CONV_2D)
  SHIM_ADD(AddDequantize, DEQUANTIZE)
  SHIM_ADD(AddFullyConnected, FULLY_CONNECTED)
  SHIM_ADD(AddLogistic, LOGISTIC)
  SHIM_ADD(AddMaxPool2D, MAX_POOL_2D)
  SHIM_ADD(AddMean, MEAN)
  SHIM_ADD(AddMul, MUL)
  SHIM_ADD(AddPad, PAD)
  SHIM_ADD(AddQuantize, QUANTIZE)
  SHIM_ADD(AddRelu, RELU)
  SHIM_ADD(AddReshape, RESHAPE)
  SHIM_ADD(AddSoftmax, SOFTMAX)
  SHIM_ADD(AddSvdf, SVDF)
  SHIM_ADD(AddTanh, TANH)
#undef SHIM_ADD
};
}  // namespace shim
#define MicroMutableOpResolver ShimResolver
namespace tflite {
template <unsigned N>
using ShimResolver = shim::Resolver<N>;
}
