/* A stand-in for libedgetpu.so.1: a delegate that takes the operators edgetpu-custom-op, and computes them as the model
   does that they were compiled from, by the module stand_in beside this file. PACKAGER_EDGE_TPU says what it is:

   right      a USB Accelerator that answers as it should
   wrong      one that flips a bit in each byte of its answers
   absent     no device
   idle       a delegate that takes no operator
   old        a library too old for the model
   mismatch   a library that was built for another TensorFlow Lite
   crash      such a library, which does not say so, but kills
   failing    a device that is pulled out when it is asked for an answer

   PACKAGER_EDGE_TPU_SECONDS is how long a run takes at least. What is reported then is what libedgetpu 16 reports. The types are the first fields of those in TensorFlow Lite's
   core/c/common.h, whose layout has been the same from 2.5 to LiteRT 2.3. */
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
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
  IntArray *inputs, *outputs;
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

/* What is used of the Python that has loaded this library. */
typedef struct _object PyObject;
extern int PyGILState_Ensure(void);
extern void PyGILState_Release(int);
extern PyObject *PyBytes_FromStringAndSize(const char *, ptrdiff_t);
extern char *PyBytes_AsString(PyObject *);
extern ptrdiff_t PyBytes_Size(PyObject *);
extern PyObject *PyTuple_New(ptrdiff_t);
extern int PyTuple_SetItem(PyObject *, ptrdiff_t, PyObject *);
extern PyObject *PyTuple_GetItem(PyObject *, ptrdiff_t);
extern PyObject *PyImport_ImportModule(const char *);
extern PyObject *PyObject_CallMethod(PyObject *, const char *, const char *, ...);
extern void PyErr_Print(void);
extern void Py_DecRef(PyObject *);

static bool is(const char *mode) { return strcmp(getenv("PACKAGER_EDGE_TPU"), mode) == 0; }

static int prepare_kernel(Context *context, Node *node) {
  (void)node;
  if (is("old")) {
    context->report_error(context, "Failed to prepare for TPU. %s",
                          "Failed precondition: Package requires runtime version (14), which is newer than this "
                          "runtime version (13).");
    return 1;
  }
  if (is("crash")) raise(SIGSEGV);
  if (is("mismatch")) {
    context->report_error(context, "Internal: Unsupported data type in custom op handler: 0");
    return 1;
  }
  return 0;
}

static bool compute(Context *context, Node *node) {
  PyObject *given = PyTuple_New(node->inputs->size), *module = PyImport_ImportModule("stand_in");
  for (int i = 0; i < node->inputs->size; i++) {
    Tensor *tensor = &context->tensors[node->inputs->data[i]];
    PyTuple_SetItem(given, i, PyBytes_FromStringAndSize(tensor->data, tensor->bytes));
  }
  PyObject *answered = module ? PyObject_CallMethod(module, "compute", "(O)", given) : NULL;
  bool is_right = answered != NULL;
  for (int i = 0; is_right && i < node->outputs->size; i++) {
    Tensor *tensor = &context->tensors[node->outputs->data[i]];
    PyObject *item = PyTuple_GetItem(answered, i);
    is_right = item && PyBytes_Size(item) == (ptrdiff_t)tensor->bytes;
    if (is_right) memcpy(tensor->data, PyBytes_AsString(item), tensor->bytes);
    for (size_t byte = 0; is_right && is("wrong") && byte < tensor->bytes; byte++) tensor->data[byte] ^= 0x40;
  }
  if (!is_right) PyErr_Print();
  Py_DecRef(answered);
  Py_DecRef(module);
  Py_DecRef(given);
  return is_right;
}

static int invoke_kernel(Context *context, Node *node) {
  if (is("failing")) {
    context->report_error(context, "Failed to execute request. %s", "Deadline exceeded: USB transfer error 5");
    return 1;
  }
  int state = PyGILState_Ensure();
  bool is_right = compute(context, node);
  PyGILState_Release(state);
  return is_right ? 0 : 1;
}

static int prepare_delegate(Context *context, Delegate *delegate) {
  IntArray *plan;
  if (context->get_execution_plan(context, &plan) != 0) return 1;
  /* The plan is the context's, and changes with each operator that is taken. */
  IntArray *taken = malloc(sizeof *taken + plan->size * sizeof(int));
  taken->size = 0;
  for (int i = 0; i < plan->size && !is("idle"); i++) {
    Node *node;
    Registration *kernel;
    if (context->get_node(context, plan->data[i], &node, &kernel) != 0) return 1;
    if (kernel->custom_name && strcmp(kernel->custom_name, "edgetpu-custom-op") == 0) {
      taken->data[taken->size++] = plan->data[i];
    }
  }
  Registration own = {
      .prepare = prepare_kernel, .invoke = invoke_kernel, .custom_name = "EdgeTpuDelegateForCustomOp", .version = 1};
  int status = taken->size ? context->replace_nodes(context, own, taken, delegate) : 0;
  free(taken);
  return status;
}

Delegate *tflite_plugin_create_delegate(char **keys, char **values, size_t count, void (*report)(const char *)) {
  (void)report; /* libedgetpu says nothing either. */
  if (is("absent")) return NULL;
  for (size_t i = 0; i < count; i++) {
    if (strcmp(keys[i], "device") == 0 && strcmp(values[i], "usb") != 0) return NULL;
  }
  Delegate *delegate = calloc(1, sizeof *delegate);
  delegate->prepare = prepare_delegate;
  /* It allows dynamic tensors: TensorFlow Lite would else prepare the model, which it cannot, before it asks. */
  delegate->flags = 1;
  return delegate;
}

void tflite_plugin_destroy_delegate(Delegate *delegate) { free(delegate); }
