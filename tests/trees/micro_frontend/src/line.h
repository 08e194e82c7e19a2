// A line of text, for boards that have no printf, or one without floats.
#ifndef SPEECH_LINE_H_
#define SPEECH_LINE_H_

#include <stddef.h>

namespace speech {

// What does not fit is cut off.
class Line {
 public:
  Line& text(const char* text) {
    while (*text != '\0' && length_ < sizeof(buffer_) - 1) {
      buffer_[length_++] = *text++;
    }
    return *this;
  }

  Line& number(unsigned long value) {
    char digits[3 * sizeof(value) + 1];
    char* digit = digits + sizeof(digits) - 1;
    *digit = '\0';
    do {
      *--digit = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value != 0);
    return text(digit);
  }

  // Six decimals; what is too large for them, or no number, as "too large".
  Line& decimal(float value) {
    if (value < 0.0f) {
      text("-");
      value = -value;
    }
    if (!(value < 4e9f)) return text("too large");
    unsigned long whole = static_cast<unsigned long>(value);
    unsigned long rest = static_cast<unsigned long>(
        (value - static_cast<float>(whole)) * 1000000.0f + 0.5f);
    if (rest == 1000000) {
      ++whole;
      rest = 0;
    }
    char decimals[] = "000000";
    for (int i = 5; i >= 0; --i, rest /= 10) {
      decimals[i] = static_cast<char>('0' + rest % 10);
    }
    return number(whole).text(".").text(decimals);
  }

  const char* c_str() {
    buffer_[length_] = '\0';
    return buffer_;
  }

 private:
  char buffer_[156];
  size_t length_ = 0;
};

}  // namespace speech

#endif  // SPEECH_LINE_H_
