// The declarations of tensorflow/lite/delegates/gpu/metal_delegate.h, as far as generated code uses them.
#include <stdbool.h>
#include <tensorflow/lite/c/common.h>

typedef enum { TFLGpuDelegateWaitTypePassive, TFLGpuDelegateWaitTypeActive } TFLGpuDelegateWaitType;

typedef struct {
  bool allow_precision_loss;
  TFLGpuDelegateWaitType wait_type;
  bool enable_quantization;
} TFLGpuDelegateOptions;

TfLiteDelegate* TFLGpuDelegateCreate(const TFLGpuDelegateOptions* options);
void TFLGpuDelegateDelete(TfLiteDelegate* delegate);
