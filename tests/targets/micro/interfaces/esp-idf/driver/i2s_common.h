// espressif/esp-idf 5.5, components/esp_driver_i2s/include/driver/i2s_common.h, lines 23 to 100 and its functions, and
// i2s_types.h; components/hal/include/hal/i2s_types.h and gpio_types.h. For the ESP32-S3.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "esp_err.h"

typedef enum {
  GPIO_NUM_NC = -1,
  GPIO_NUM_0 = 0,
  GPIO_NUM_1,
  GPIO_NUM_2,
  GPIO_NUM_41 = 41,
  GPIO_NUM_42,
  GPIO_NUM_48 = 48,
} gpio_num_t;
#define I2S_GPIO_UNUSED GPIO_NUM_NC

typedef enum { I2S_NUM_0 = 0, I2S_NUM_1 = 1, I2S_NUM_AUTO } i2s_port_t;
typedef enum { I2S_ROLE_MASTER, I2S_ROLE_SLAVE } i2s_role_t;
typedef enum {
  I2S_DATA_BIT_WIDTH_8BIT = 8,
  I2S_DATA_BIT_WIDTH_16BIT = 16,
  I2S_DATA_BIT_WIDTH_24BIT = 24,
  I2S_DATA_BIT_WIDTH_32BIT = 32,
} i2s_data_bit_width_t;
typedef enum { I2S_SLOT_BIT_WIDTH_AUTO = 0, I2S_SLOT_BIT_WIDTH_32BIT = 32 } i2s_slot_bit_width_t;
typedef enum { I2S_SLOT_MODE_MONO = 1, I2S_SLOT_MODE_STEREO = 2 } i2s_slot_mode_t;
typedef enum { I2S_STD_SLOT_LEFT = 1, I2S_STD_SLOT_RIGHT = 2, I2S_STD_SLOT_BOTH = 3 } i2s_std_slot_mask_t;
typedef enum { I2S_PDM_SLOT_RIGHT = 1, I2S_PDM_SLOT_LEFT = 2, I2S_PDM_SLOT_BOTH = 3 } i2s_pdm_slot_mask_t;
typedef enum { I2S_CLK_SRC_DEFAULT = 4 } i2s_clock_src_t;
typedef enum { I2S_MCLK_MULTIPLE_256 = 256, I2S_MCLK_MULTIPLE_384 = 384 } i2s_mclk_multiple_t;
typedef struct i2s_channel_obj_t* i2s_chan_handle_t;

typedef struct {
  i2s_port_t id;
  i2s_role_t role;
  uint32_t dma_desc_num;
  uint32_t dma_frame_num;
  union {
    bool auto_clear;
    bool auto_clear_after_cb;
  };
  bool auto_clear_before_cb;
  bool backup_before_sleep;
  int intr_priority;
} i2s_chan_config_t;

// What it leaves out here is a number of the library's.
#define I2S_CHANNEL_DEFAULT_CONFIG(i2s_num, i2s_role) {.id = i2s_num, .role = i2s_role}

#ifdef __cplusplus
extern "C" {
#endif

esp_err_t i2s_new_channel(const i2s_chan_config_t* chan_cfg, i2s_chan_handle_t* ret_tx_handle,
                          i2s_chan_handle_t* ret_rx_handle);
esp_err_t i2s_del_channel(i2s_chan_handle_t handle);
esp_err_t i2s_channel_enable(i2s_chan_handle_t handle);
esp_err_t i2s_channel_disable(i2s_chan_handle_t handle);
esp_err_t i2s_channel_write(i2s_chan_handle_t handle, const void* src, size_t size, size_t* bytes_written,
                            uint32_t timeout_ms);
esp_err_t i2s_channel_read(i2s_chan_handle_t handle, void* dest, size_t size, size_t* bytes_read,
                           uint32_t timeout_ms);

#ifdef __cplusplus
}
#endif
