// A GPU that leaves all to the CPU; or, as STAND_IN says, does not take the model, or computes zeros. It counts in
// STAND_IN_LIVING how many there are.
#include "metal_delegate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static TfLiteStatus write_zeros(TfLiteContext* context, TfLiteNode* node) {
  for (int i = 0; i < node->outputs->size; ++i) {
    TfLiteTensor* tensor = &context->tensors[node->outputs->data[i]];
    memset(tensor->data.raw, 0, tensor->bytes);
  }
  return kTfLiteOk;
}

static TfLiteStatus prepare(TfLiteContext* context, TfLiteDelegate* delegate) {
  const char* mode = getenv("STAND_IN");
  if (mode == NULL) return kTfLiteOk;
  if (strcmp(mode, "refuses") == 0) return kTfLiteError;
  TfLiteIntArray* plan = NULL;
  if (context->GetExecutionPlan(context, &plan) != kTfLiteOk) return kTfLiteError;
  TfLiteRegistration zeros = {0};
  zeros.invoke = write_zeros;
  zeros.custom_name = "zeros";
  return context->ReplaceNodeSubsetsWithDelegateKernels(context, zeros, plan, delegate);
}

static void count(int change) {
  const char* before = getenv("STAND_IN_LIVING");
  char after[16];
  snprintf(after, sizeof(after), "%d", (before == NULL ? 0 : atoi(before)) + change);
  setenv("STAND_IN_LIVING", after, 1);
}

TfLiteDelegate* TFLGpuDelegateCreate(const TFLGpuDelegateOptions* options) {
  TfLiteDelegate* delegate = calloc(1, sizeof(TfLiteDelegate));
  delegate->Prepare = prepare;
  count(1);
  return delegate;
}

void TFLGpuDelegateDelete(TfLiteDelegate* delegate) {
  free(delegate);
  count(-1);
}
