#include "wire/growing_buffer.hpp"

#include <algorithm>
#include <utility>

namespace lockstep::wire {

void GrowingBuffer::append(ByteSpan piece) {
  if (size_ + piece.size() > capacity_) grow(size_ + piece.size());
  std::copy(piece.begin(), piece.end(), memory_.get() + size_);
  size_ += piece.size();
  // As many would do: half of the capacity is to be moved while the other half is filled.
  move_outgrown(2 * piece.size());
}

void GrowingBuffer::grow(std::size_t needed) {
  move_outgrown(outgrown_size_);
  // The total halved until it is just enough, so that the last growth comes half-way.
  std::size_t capacity = total_;
  while (capacity > needed && (capacity + 1) / 2 >= needed) capacity = (capacity + 1) / 2;
  outgrown_ = std::exchange(memory_, std::make_shared_for_overwrite<std::uint8_t[]>(capacity));
  outgrown_size_ = size_;
  moved_ = 0;
  capacity_ = capacity;
}

void GrowingBuffer::move_outgrown(std::size_t bytes) {
  if (!outgrown_) return;
  const std::size_t end = std::min(outgrown_size_, moved_ + bytes);
  std::copy(outgrown_.get() + moved_, outgrown_.get() + end, memory_.get() + moved_);
  moved_ = end;
  if (moved_ < outgrown_size_) return;
  outgrown_.reset();
  outgrown_size_ = 0;
}

SharedBuffer GrowingBuffer::take() && {
  move_outgrown(outgrown_size_);
  const ByteSpan bytes(memory_.get(), size_);
  return {std::move(memory_), bytes};
}

}  // namespace lockstep::wire
