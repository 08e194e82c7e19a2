// The declarations of tensorflow/lite/delegates/coreml/coreml_delegate.h, as far as generated code uses them.
#include <tensorflow/lite/c/common.h>

typedef enum {
  TfLiteCoreMlDelegateDevicesWithNeuralEngine,
  TfLiteCoreMlDelegateAllDevices,
} TfLiteCoreMlDelegateEnabledDevices;

typedef struct {
  TfLiteCoreMlDelegateEnabledDevices enabled_devices;
  int coreml_version;
  int max_delegated_partitions;
  int min_nodes_per_partition;
} TfLiteCoreMlDelegateOptions;

TfLiteDelegate* TfLiteCoreMlDelegateCreate(const TfLiteCoreMlDelegateOptions* options);
void TfLiteCoreMlDelegateDelete(TfLiteDelegate* delegate);
