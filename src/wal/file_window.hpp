#pragma once

#include <cstdint>
#include <memory>

#include "lockstep/buffer.hpp"
#include "lockstep/file_system.hpp"

namespace lockstep {

/// Reads a file in large pieces and hands out slices of them. A place that cannot be read spoils
/// nothing around it.
class FileWindow {
 public:
  /// Reads nothing at or beyond `end`. `file` must outlive the window, not what it handed out.
  FileWindow(IFile& file, std::uint64_t end, std::size_t read_ahead)
      : file_(file), end_(end), read_ahead_(read_ahead) {}

  [[nodiscard]] std::uint64_t end() const { return end_; }
  /// The file has grown, or more of it shall be seen than before.
  void set_end(std::uint64_t end) { end_ = end; }
  void set_read_ahead(std::size_t bytes) { read_ahead_ = bytes; }

  [[nodiscard]] bool holds(std::uint64_t offset, std::uint64_t bytes) const {
    return offset <= end_ && bytes <= end_ - offset;
  }
  /// The bytes at `offset`; valid until the next call. Fewer when the file ends before `end`.
  /// Errors: kIo, when just these cannot be read, not even when tried once more. Precondition:
  /// `holds(offset, bytes)`.
  [[nodiscard]] Result<ByteSpan> at(std::uint64_t offset, std::uint64_t bytes);
  /// As `at`, to keep.
  [[nodiscard]] Result<SharedBuffer> share(std::uint64_t offset, std::uint64_t bytes);

  [[nodiscard]] std::size_t memory_bytes() const { return memory_ ? memory_bytes_ : 0; }
  void drop_memory() { memory_.reset(); }

 private:
  [[nodiscard]] Result<> fill(std::uint64_t offset, std::uint64_t bytes);

  IFile& file_;
  std::uint64_t end_;
  std::size_t read_ahead_;
  std::shared_ptr<std::uint8_t[]> memory_;
  std::size_t memory_bytes_ = 0;
  std::uint64_t begin_ = 0;
  std::uint64_t filled_ = 0;
  std::uint64_t small_until_ = 0;  // a large piece up to here could not be read
};

}  // namespace lockstep
