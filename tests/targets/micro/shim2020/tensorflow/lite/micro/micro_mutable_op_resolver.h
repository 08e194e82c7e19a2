// Today's MicroMutableOpResolver interface over TensorFlow Lite Micro of 2020, which is in the crate tfmicro.
#pragma once
#include_next "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/micro/kernels/micro_ops.h"
namespace shim {
template <unsigned N>
struct Resolver : tflite::MicroMutableOpResolver<N> {
  void operator delete(void*) {}
#define SHIM_ADD(Method, NAME)                                                      \
  TfLiteStatus Method() {                                                           \
    return this->AddBuiltin(tflite::BuiltinOperator_##NAME,                         \
                            tflite::ops::micro::Register_##NAME(), \
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
