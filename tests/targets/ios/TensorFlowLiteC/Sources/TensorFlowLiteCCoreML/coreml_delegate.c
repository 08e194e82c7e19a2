// A device without a Neural Engine.
#include "coreml_delegate.h"

#include <stddef.h>

TfLiteDelegate* TfLiteCoreMlDelegateCreate(const TfLiteCoreMlDelegateOptions* options) { return NULL; }

void TfLiteCoreMlDelegateDelete(TfLiteDelegate* delegate) {}
