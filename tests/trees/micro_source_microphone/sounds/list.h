// A list in an array of fixed size, for there is no heap.
#ifndef SOUNDS_LIST_H_
#define SOUNDS_LIST_H_

#include <stddef.h>

namespace sounds {

template <typename T, size_t kMost>
class List {
 public:
  size_t size() const { return size_; }
  bool is_full() const { return size_ == kMost; }
  const T& operator[](size_t index) const { return items_[index]; }
  const T* begin() const { return items_; }
  const T* end() const { return items_ + size_; }
  T* begin() { return items_; }
  T* end() { return items_ + size_; }

  void clear() { size_ = 0; }
  // For a list that is not full.
  void add(const T& item) { items_[size_++] = item; }

 private:
  T items_[kMost];
  size_t size_ = 0;
};

}  // namespace sounds

#endif  // SOUNDS_LIST_H_
