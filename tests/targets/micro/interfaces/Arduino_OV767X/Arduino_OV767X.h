// arduino-libraries/Arduino_OV767X 0.0.2 (e5dd28f2), src/OV767X.h, lines 25 to 84, which src/Arduino_OV767X.h includes.
#pragma once
#include <Arduino.h>

enum { YUV422 = 0, RGB444 = 1, RGB565 = 2, GRAYSCALE = 4 };
enum { OV7670 = 0, OV7675 = 1 };
enum { VGA = 0, CIF = 1, QVGA = 2, QCIF = 3, QQVGA = 4 };

class OV767X {
 public:
  OV767X();
  virtual ~OV767X();
  int begin(int resolution, int format, int fps, int camera_name = OV7670);
  void end();
  int width() const;
  int height() const;
  int bitsPerPixel() const;
  int bytesPerPixel() const;
  void readFrame(void* buffer);
};

extern OV767X Camera;
