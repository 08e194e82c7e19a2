// espressif/esp-idf 5.5 (aa97a0fc), components/esp_driver_i2s/include/driver/i2s_pdm.h, lines 25 to 140. For the
// ESP32-S3, whose SOC_I2S_SUPPORTS_PDM_RX_HP_FILTER is 1 and SOC_I2S_PDM_MAX_RX_LINES is 4.
#pragma once
#include "i2s_common.h"

typedef enum { I2S_PDM_DSR_8S = 0, I2S_PDM_DSR_16S } i2s_pdm_dsr_t;

typedef struct {
  i2s_data_bit_width_t data_bit_width;
  i2s_slot_bit_width_t slot_bit_width;
  i2s_slot_mode_t slot_mode;
  i2s_pdm_slot_mask_t slot_mask;
  bool hp_en;
  float hp_cut_off_freq_hz;
  uint32_t amplify_num;
} i2s_pdm_rx_slot_config_t;

typedef struct {
  uint32_t sample_rate_hz;
  i2s_clock_src_t clk_src;
  i2s_mclk_multiple_t mclk_multiple;
  i2s_pdm_dsr_t dn_sample_mode;
  uint32_t bclk_div;
} i2s_pdm_rx_clk_config_t;

typedef struct {
  gpio_num_t clk;
  union {
    gpio_num_t din;
    gpio_num_t dins[4];
  };
  struct {
    uint32_t clk_inv : 1;
  } invert_flags;
} i2s_pdm_rx_gpio_config_t;

typedef struct {
  i2s_pdm_rx_clk_config_t clk_cfg;
  i2s_pdm_rx_slot_config_t slot_cfg;
  i2s_pdm_rx_gpio_config_t gpio_cfg;
} i2s_pdm_rx_config_t;

// What they leave out here are numbers of the library's.
#define I2S_PDM_RX_CLK_DEFAULT_CONFIG(rate) {.sample_rate_hz = rate}
#define I2S_PDM_RX_SLOT_DEFAULT_CONFIG(bits_per_sample, mono_or_stereo) \
  {.data_bit_width = bits_per_sample, .slot_mode = mono_or_stereo}

#ifdef __cplusplus
extern "C" {
#endif

esp_err_t i2s_channel_init_pdm_rx_mode(i2s_chan_handle_t handle, const i2s_pdm_rx_config_t* pdm_rx_cfg);

#ifdef __cplusplus
}
#endif
