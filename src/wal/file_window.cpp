#include "wal/file_window.hpp"

#include <algorithm>

namespace lockstep {

Result<ByteSpan> FileWindow::at(std::uint64_t offset, std::uint64_t bytes) {
  if (!memory_ || offset < begin_ || offset + bytes > begin_ + filled_) {
    const auto wanted = static_cast<std::size_t>(
        std::max(bytes, std::min<std::uint64_t>(read_ahead_, end_ - offset)));
    // A new buffer each time: slices of the last one may be in use.
    memory_ = std::make_shared_for_overwrite<std::uint8_t[]>(wanted);
    const Result<std::size_t> got = file_.read(offset, {memory_.get(), wanted});
    if (!got) {
      memory_.reset();
      return got.error();
    }
    begin_ = offset;
    filled_ = *got;
  }
  const std::uint64_t from = offset - begin_;
  return ByteSpan(memory_.get() + from, std::min(bytes, filled_ - from));
}

Result<SharedBuffer> FileWindow::share(std::uint64_t offset, std::uint64_t bytes) {
  const Result<ByteSpan> span = at(offset, bytes);
  if (!span) return span.error();
  return SharedBuffer(memory_, *span);
}

}  // namespace lockstep
