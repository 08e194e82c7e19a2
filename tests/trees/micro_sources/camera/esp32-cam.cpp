#include "source.h"

#include <esp_camera.h>

namespace colors {
namespace {

// The frame that was given out last.
camera_fb_t* buffer = nullptr;

}  // namespace

bool begin_source() {
  camera_config_t config = {};
  // The pins of the board; -1 where there is none.
  config.pin_pwdn = 32;
  config.pin_reset = -1;
  config.pin_xclk = 0;
  config.pin_sccb_sda = 26;
  config.pin_sccb_scl = 27;
  config.pin_d7 = 35;
  config.pin_d6 = 34;
  config.pin_d5 = 39;
  config.pin_d4 = 36;
  config.pin_d3 = 21;
  config.pin_d2 = 19;
  config.pin_d1 = 18;
  config.pin_d0 = 5;
  config.pin_vsync = 25;
  config.pin_href = 23;
  config.pin_pclk = 22;
  config.xclk_freq_hz = 20000000;
  config.ledc_timer = LEDC_TIMER_0;
  config.ledc_channel = LEDC_CHANNEL_0;
  config.pixel_format = PIXFORMAT_RGB565;
  config.frame_size = FRAMESIZE_QVGA;
  // The camera fills it again once it is given back: no frame is an old one.
  config.fb_count = 1;
  config.fb_location = CAMERA_FB_IN_PSRAM;
  config.grab_mode = CAMERA_GRAB_WHEN_EMPTY;
  return esp_camera_init(&config) == ESP_OK;
}

Frame take_frame() {
  if (buffer != nullptr) esp_camera_fb_return(buffer);
  buffer = esp_camera_fb_get();
  if (buffer == nullptr) return {};
  return {buffer->buf, PixelFormat::kRgb565, static_cast<int>(buffer->width),
          static_cast<int>(buffer->height)};
}

}  // namespace colors
