// espressif/esp-idf 5.5, components/hal/include/hal/ledc_types.h: the timers and channels that esp_camera.h names.
#pragma once

typedef enum { LEDC_TIMER_0 = 0, LEDC_TIMER_1, LEDC_TIMER_2, LEDC_TIMER_3, LEDC_TIMER_MAX } ledc_timer_t;
typedef enum { LEDC_CHANNEL_0 = 0, LEDC_CHANNEL_1, LEDC_CHANNEL_2, LEDC_CHANNEL_MAX = 8 } ledc_channel_t;
