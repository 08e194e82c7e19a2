# Stand-in: see ../README.md. find_package(Zephyr) makes the target app, to which the application adds its sources.
project(Zephyr-Kernel LANGUAGES C CXX ASM)

foreach(setting CONFIG_CPP=y CONFIG_TENSORFLOW_LITE_MICRO=y CONFIG_CONSOLE_SUBSYS=y CONFIG_CONSOLE_GETCHAR=y)
  file(STRINGS "${CMAKE_CURRENT_SOURCE_DIR}/prj.conf" found REGEX "^${setting}$")
  if(NOT found)
    message(FATAL_ERROR "prj.conf lacks ${setting}, without which these headers and libraries are absent")
  endif()
endforeach()
file(STRINGS "${CMAKE_CURRENT_SOURCE_DIR}/prj.conf" standard REGEX "^CONFIG_STD_CPP[0-9]+=y$")
string(REGEX MATCH "[0-9]+" CMAKE_CXX_STANDARD "${standard}")

add_executable(app)
target_include_directories(app SYSTEM PRIVATE "${CMAKE_CURRENT_LIST_DIR}/include" ${EMULATED_INCLUDE_DIRS})
# As Zephyr compiles C++; the module itself defines TF_LITE_STATIC_MEMORY nowhere, this library was compiled with it.
target_compile_options(app PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-rtti -fno-exceptions>)
target_compile_definitions(app PRIVATE TF_LITE_STATIC_MEMORY)
target_link_libraries(app PRIVATE "${EMULATED_LIBRARY}" m)
