# Stand-in: see README.md. The SDK defines its targets in pico_sdk_init(), after project().
if(CMAKE_PROJECT_NAME)
  message(FATAL_ERROR "pico_sdk_import.cmake comes before project()")
endif()

macro(pico_sdk_init)
  if(NOT CMAKE_PROJECT_NAME)
    message(FATAL_ERROR "pico_sdk_init() comes after project()")
  endif()
  if(NOT TARGET pico_stdlib)
    add_library(pico_stdlib INTERFACE)
    target_include_directories(pico_stdlib SYSTEM INTERFACE "${PICO_SDK_PATH}/include")
  endif()
endmacro()

foreach(name pico_enable_stdio_usb pico_enable_stdio_uart)
  cmake_language(EVAL CODE "
    function(${name} target enabled)
      get_target_property(type \${target} TYPE)
      if(NOT type STREQUAL EXECUTABLE)
        message(FATAL_ERROR \"${name}: no program \${target}\")
      endif()
    endfunction()")
endforeach()

function(pico_add_extra_outputs target)
  add_custom_command(TARGET ${target} POST_BUILD
    COMMAND "${CMAKE_OBJCOPY}" -O binary $<TARGET_FILE:${target}> ${target}.bin)
endfunction()
