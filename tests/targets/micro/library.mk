# TensorFlow Lite Micro of July 2020 for Cortex-M3, from the sources in the crate tfmicro 0.1.0.
T := $(CRATE)/submodules/tensorflow
L := $(T)/tensorflow/lite
D := $(L)/micro/tools/make/downloads
KERNELS := activations add concatenation conv depthwise_conv dequantize fully_connected logistic mul pad pooling \
  quantize reduce reshape softmax svdf tanh
SRC := $(filter-out %_test.cc %test_helpers.cc,$(wildcard $(L)/micro/*.cc $(L)/micro/memory_planner/*.cc)) \
  $(addprefix $(L)/micro/kernels/,$(addsuffix .cc,$(KERNELS))) \
  $(addprefix $(L)/,core/api/error_reporter.cc core/api/flatbuffer_conversions.cc core/api/op_resolver.cc \
    core/api/tensor_utils.cc kernels/internal/quantization_util.cc kernels/kernel_util.cc c/common.c)
OBJ := $(patsubst $(T)/%,objects/%.o,$(SRC))
F := -mcpu=cortex-m3 -mthumb -Os -w -ffunction-sections -fdata-sections -fno-exceptions -fpermissive \
  -fno-unwind-tables -funsigned-char -DTF_LITE_STATIC_MEMORY -DGEMMLOWP_ALLOW_SLOW_SCALAR_FALLBACK \
  -I$(T) -I$(D) -I$(D)/gemmlowp -I$(D)/flatbuffers/include -I$(D)/ruy
libtflm2020.a: $(OBJ)
	@rm -f $@; arm-none-eabi-ar rcs $@ $(OBJ)
objects/%.cc.o: $(T)/%.cc
	@mkdir -p $(dir $@); arm-none-eabi-g++ $(F) -std=c++11 -fno-rtti -c $< -o $@
objects/%.c.o: $(T)/%.c
	@mkdir -p $(dir $@); arm-none-eabi-gcc $(F) -c $< -o $@
