/* A delegate that takes the model's last operator and runs LiteRT's own kernel for it; a wrong one then flips every bit
   of its outputs. The types are the first fields of those in LiteRT 1.4.1's tflite/core/c/common.h, whose layout
   TensorFlow Lite 2.16.1 shares. */
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  int size;
  int data[];
} IntArray;

typedef struct {
  int type;
  char *data;
  IntArray *dims;
  struct {
    float scale;
    int32_t zero_point;
  } params;
  int allocation_type;
  size_t bytes;
  const void *allocation;
  const char *name;
  void *delegate;
  int buffer_handle;
  bool data_is_stale, is_variable;
  struct {
    int type;
    void *params;
  } quantization;
  void *sparsity;
  const IntArray *dims_signature;
} Tensor;

typedef struct {
  IntArray *inputs, *outputs, *intermediates, *temporaries;
  void *user_data, *builtin_data;
  const void *custom_initial_data;
  int custom_initial_data_size;
  void *delegate;
  bool might_have_side_effect;
} Node;

typedef struct Context Context;

typedef struct {
  void *(*init)(Context *, const char *, size_t);
  void (*free)(Context *, void *);
  int (*prepare)(Context *, Node *);
  int (*invoke)(Context *, Node *);
  const char *(*profiling_string)(const Context *, const Node *);
  int32_t builtin_code;
  const char *custom_name;
  int version;
  void *registration_external, *async_kernel;
  uint64_t inplace_operator;
} Registration;

typedef struct Delegate {
  void *data;
  int (*prepare)(Context *, struct Delegate *);
  void *copy_from_buffer, *copy_to_buffer, *free_buffer;
  int64_t flags;
  void *opaque_delegate_builder;
  /* Its own. */
  bool is_wrong, is_unsupported;
  Node node;
  Registration kernel;
} Delegate;

struct Context {
  size_t tensors_size;
  int (*get_execution_plan)(Context *, IntArray **);
  Tensor *tensors;
  void *impl;
  void *resize_tensor;
  void (*report_error)(Context *, const char *, ...);
  void *add_tensors;
  int (*get_node)(Context *, int, Node **, Registration **);
  int (*replace_nodes)(Context *, Registration, const IntArray *, Delegate *);
};

static int delegates, runs;

static int prepare_kernel(Context *context, Node *node) {
  Delegate *delegate = node->delegate;
  return delegate->kernel.prepare(context, &delegate->node);
}

static int invoke_kernel(Context *context, Node *node) {
  Delegate *delegate = node->delegate;
  runs++;
  int status = delegate->kernel.invoke(context, &delegate->node);
  for (int i = 0; delegate->is_wrong && i < node->outputs->size; i++) {
    Tensor *tensor = &context->tensors[node->outputs->data[i]];
    for (size_t byte = 0; byte < tensor->bytes; byte++) tensor->data[byte] = ~tensor->data[byte];
  }
  return status;
}

static int prepare_delegate(Context *context, Delegate *delegate) {
  IntArray *plan;
  Node *node;
  Registration *kernel;
  if (delegate->is_unsupported) {
    context->report_error(context, "GPU: the operator SOFTMAX is not supported");
    return 2;
  }
  if (context->get_execution_plan(context, &plan) != 0) return 1;
  int last = plan->data[plan->size - 1];
  if (context->get_node(context, last, &node, &kernel) != 0) return 1;
  delegate->node = *node;
  delegate->kernel = *kernel;
  Registration own = {.prepare = prepare_kernel, .invoke = invoke_kernel, .custom_name = "packager_gpu", .version = 1};
  IntArray *taken = malloc(sizeof *taken + sizeof(int));
  taken->size = 1;
  taken->data[0] = last;
  int status = context->replace_nodes(context, own, taken, delegate);
  free(taken);
  return status;
}

/* JNI passes its environment and the class first; nothing of them is needed. */
int64_t Java_org_tensorflow_lite_gpu_GpuDelegate_createDelegate(void *env, void *type, uint8_t wrong, uint8_t unsupported) {
  (void)env, (void)type;
  Delegate *delegate = calloc(1, sizeof *delegate);
  delegate->prepare = prepare_delegate;
  delegate->is_wrong = wrong;
  delegate->is_unsupported = unsupported;
  delegates++;
  return (intptr_t)delegate;
}

void Java_org_tensorflow_lite_gpu_GpuDelegate_deleteDelegate(void *env, void *type, int64_t handle) {
  (void)env, (void)type;
  free((void *)(intptr_t)handle);
  delegates--;
}

int32_t Java_org_tensorflow_lite_gpu_GpuDelegate_count(void *env, void *type) {
  (void)env, (void)type;
  return delegates;
}

int32_t Java_org_tensorflow_lite_gpu_GpuDelegate_runs(void *env, void *type) {
  (void)env, (void)type;
  return runs;
}
