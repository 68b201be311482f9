#include "wal/file_window.hpp"

#include <algorithm>

namespace lockstep {
namespace {

/// What an operating system reads as a whole.
constexpr std::uint64_t kSmallPiece = 4 << 10;

}  // namespace

Result<ByteSpan> FileWindow::at(std::uint64_t offset, std::uint64_t bytes) {
  if (!memory_ || offset < begin_ || offset + bytes > begin_ + filled_) {
    const std::uint64_t ahead =
        offset < small_until_ ? std::min<std::uint64_t>(read_ahead_, kSmallPiece) : read_ahead_;
    const std::uint64_t wanted = std::max(bytes, std::min(ahead, end_ - offset));
    if (!fill(offset, wanted)) {
      small_until_ = std::max(small_until_, offset + wanted);
      if (const Result<> filled = fill(offset, bytes); !filled) return filled.error();
    }
  }
  const std::uint64_t from = offset - begin_;
  return ByteSpan(memory_.get() + from, std::min(bytes, filled_ - from));
}

Result<SharedBuffer> FileWindow::share(std::uint64_t offset, std::uint64_t bytes) {
  const Result<ByteSpan> span = at(offset, bytes);
  if (!span) return span.error();
  return SharedBuffer(memory_, *span);
}

Result<> FileWindow::fill(std::uint64_t offset, std::uint64_t bytes) {
  // A new buffer each time: slices of the last one may be in use.
  memory_bytes_ = static_cast<std::size_t>(bytes);
  memory_ = std::make_shared_for_overwrite<std::uint8_t[]>(memory_bytes_);
  const Result<std::size_t> got = file_.read(offset, {memory_.get(), memory_bytes_});
  if (!got) {
    memory_.reset();
    return got.error();
  }
  begin_ = offset;
  filled_ = *got;
  return {};
}

}  // namespace lockstep
