#include "source.h"

#include <driver/i2s_std.h>

namespace sounds {
namespace {

i2s_chan_handle_t channel = nullptr;

}  // namespace

bool begin_source() {
  // The one that takes PDM on every chip.
  i2s_chan_config_t channel_config =
      I2S_CHANNEL_DEFAULT_CONFIG(I2S_NUM_0, I2S_ROLE_MASTER);
  // What is heard while the model runs waits here; what has no room is lost.
  channel_config.dma_desc_num = 16;
  channel_config.dma_frame_num = 256;
  if (i2s_new_channel(&channel_config, nullptr, &channel) != ESP_OK) {
    return false;
  }
  i2s_std_config_t config = {
      .clk_cfg = I2S_STD_CLK_DEFAULT_CONFIG(kSampleRate),
      .slot_cfg = I2S_STD_PHILIPS_SLOT_DEFAULT_CONFIG(I2S_DATA_BIT_WIDTH_32BIT,
                                                      I2S_SLOT_MODE_MONO),
      .gpio_cfg = {},
  };
  config.slot_cfg.slot_mask = I2S_STD_SLOT_LEFT;
  config.gpio_cfg.mclk = I2S_GPIO_UNUSED;
  config.gpio_cfg.dout = I2S_GPIO_UNUSED;
  config.gpio_cfg.bclk = GPIO_NUM_41;
  config.gpio_cfg.ws = GPIO_NUM_42;
  config.gpio_cfg.din = GPIO_NUM_2;
  return i2s_channel_init_std_mode(channel, &config) == ESP_OK &&
         i2s_channel_enable(channel) == ESP_OK;
}

bool read_samples(int16_t* samples, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    int32_t word = 0;
    size_t bytes = 0;
    // Milliseconds to wait at most.
    if (i2s_channel_read(channel, &word, sizeof(word), &bytes, 1000) !=
        ESP_OK) {
      return false;
    }
    // The upper half has what is heard.
    samples[i] = static_cast<int16_t>(word >> 16);
  }
  return true;
}

}  // namespace sounds
