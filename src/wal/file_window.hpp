#pragma once

#include <cstdint>
#include <memory>

#include "lockstep/buffer.hpp"
#include "lockstep/file_system.hpp"

namespace lockstep {

/// Reads a file in large pieces and hands out slices of them.
class FileWindow {
 public:
  /// Reads nothing at or beyond `end`. `file` must outlive the window, not what it handed out.
  FileWindow(IFile& file, std::uint64_t end, std::size_t read_ahead)
      : file_(file), end_(end), read_ahead_(read_ahead) {}

  [[nodiscard]] std::uint64_t end() const { return end_; }
  [[nodiscard]] bool holds(std::uint64_t offset, std::uint64_t bytes) const {
    return offset <= end_ && bytes <= end_ - offset;
  }
  /// The bytes at `offset`; valid until the next call. Fewer when the file ends before `end`.
  /// Precondition: `holds(offset, bytes)`.
  [[nodiscard]] Result<ByteSpan> at(std::uint64_t offset, std::uint64_t bytes);
  /// As `at`, to keep.
  [[nodiscard]] Result<SharedBuffer> share(std::uint64_t offset, std::uint64_t bytes);

 private:
  IFile& file_;
  const std::uint64_t end_;
  const std::size_t read_ahead_;
  std::shared_ptr<std::uint8_t[]> memory_;
  std::uint64_t begin_ = 0;
  std::uint64_t filled_ = 0;
};

}  // namespace lockstep
