#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace lockstep {

/// A double-ended queue in one piece of memory: at a steady size it allocates nothing, and its
/// items lie side by side. `T` is made without arguments; what was taken out is let go at once.
template <class T>
class RingQueue {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  /// Precondition of these: `place < size()`, not empty.
  [[nodiscard]] T& operator[](std::size_t place) { return slots_[slot_of(place)]; }
  [[nodiscard]] const T& operator[](std::size_t place) const { return slots_[slot_of(place)]; }
  [[nodiscard]] T& front() { return (*this)[0]; }
  [[nodiscard]] const T& front() const { return (*this)[0]; }
  [[nodiscard]] T& back() { return (*this)[size_ - 1]; }
  [[nodiscard]] const T& back() const { return (*this)[size_ - 1]; }

  void push_back(T item) {
    if (size_ == slots_.size()) resize(slots_.empty() ? kMinSlots : 2 * slots_.size());
    slots_[slot_of(size_)] = std::move(item);
    ++size_;
  }
  void pop_front() {
    front() = T();
    first_ = slot_of(1);
    --size_;
    // What a rare peak took is given back.
    if (slots_.size() > kMinSlots && size_ < slots_.size() / 8) resize(slots_.size() / 4);
  }
  void pop_back() {
    back() = T();
    --size_;
  }

 private:
  static constexpr std::size_t kMinSlots = 256;

  /// There are a power of two of them, or none.
  [[nodiscard]] std::size_t slot_of(std::size_t place) const {
    return (first_ + place) & (slots_.size() - 1);
  }
  void resize(std::size_t slots) {
    std::vector<T> moved(slots);
    for (std::size_t i = 0; i < size_; ++i) moved[i] = std::move((*this)[i]);
    slots_ = std::move(moved);
    first_ = 0;
  }

  std::vector<T> slots_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace lockstep
