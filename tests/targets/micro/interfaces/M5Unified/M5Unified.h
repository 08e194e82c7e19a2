// m5stack/M5Unified 0.2.14 (002b75f4): src/M5Unified.hpp, lines 218 to 332 and 659; src/utility/Mic_Class.hpp, lines
// 107 to 157; IMU_Class.hpp, lines 27 to 111; I2C_Class.hpp, line 41; Speaker_Class.hpp, line 93.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace m5 {

class I2C_Class {
 public:
  bool release(void) const;
};

class Speaker_Class {
 public:
  bool begin(void);
  void end(void);
};

class Mic_Class {
 public:
  bool begin(void);
  void end(void);
  // 0 where all is recorded, and how much there is in the queue of two.
  size_t isRecording(void) const;
  bool record(uint8_t* rec_data, size_t array_len, uint32_t sample_rate, bool stereo = false);
  bool record(int16_t* rec_data, size_t array_len, uint32_t sample_rate, bool stereo = false);
  bool record(uint8_t* rec_data, size_t array_len);
  bool record(int16_t* rec_data, size_t array_len);
};

class IMU_Class {
 public:
  struct imu_3d_t {
    union {
      float value[3];
      struct {
        float x;
        float y;
        float z;
      };
    };
  };
  struct imu_data_t {
    uint32_t usec;
    union {
      float value[9];
      imu_3d_t sensor[3];
      struct {
        imu_3d_t accel;
        imu_3d_t gyro;
        imu_3d_t mag;
      };
    };
  };
  enum sensor_mask_t { sensor_mask_none = 0, sensor_mask_accel = 1, sensor_mask_gyro = 2, sensor_mask_mag = 4 };

  sensor_mask_t update(void);
  void getImuData(imu_data_t* imu_data);
  const imu_data_t& getImuData(void);
  bool isEnabled(void) const;
};

class M5Unified {
 public:
  struct config_t {};

  IMU_Class Imu;
  Speaker_Class Speaker;
  Mic_Class Mic;
  I2C_Class& In_I2C;

  static config_t config(void);
  static void delay(uint32_t msec);
  void begin(void);
  void begin(config_t cfg);
};

}  // namespace m5

extern m5::M5Unified M5;
