# CMake toolchain file for Arm Cortex-M with GCC. CPU_FLAGS names the core and
# its FPU, for example "-mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16".
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)

set(CPU_FLAGS "-mcpu=cortex-m3" CACHE STRING "The core and its FPU")
# rdimon.specs prints through a debugger or QEMU (semihosting); nosys.specs is
# for a board that has output of its own. nano.specs saves about 18 KB.
set(LINK_SPECS "--specs=rdimon.specs" CACHE STRING "The C library to link")
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES CPU_FLAGS LINK_SPECS)

set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_CXX_COMPILER arm-none-eabi-g++)
set(CMAKE_ASM_COMPILER arm-none-eabi-gcc)
set(CMAKE_C_FLAGS_INIT "${CPU_FLAGS} -mthumb")
set(CMAKE_CXX_FLAGS_INIT "${CPU_FLAGS} -mthumb")
set(CMAKE_ASM_FLAGS_INIT "${CPU_FLAGS} -mthumb")
set(CMAKE_EXE_LINKER_FLAGS_INIT "${LINK_SPECS}")

# A program does not link before the board's linker script is known.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
