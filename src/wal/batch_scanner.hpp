#pragma once

#include <cstdint>
#include <optional>

#include "wal/file_window.hpp"
#include "wal/segment_format.hpp"

namespace lockstep {

/// Finds the batches of a segment one after another, behind damage too: a batch header proves by
/// its checksum that it belongs where it lies. A sector that cannot be read holds none.
class BatchScanner {
 public:
  struct Found {
    std::uint64_t offset = 0;
    BatchHeader header;
    /// Where the next batch should begin. Never beyond the window, aligned up or not.
    std::uint64_t end = 0;
    /// Something unreadable lies between this batch and the place where it was looked for.
    bool after_gap = false;
    /// All of the body lies in the window.
    bool body_in_window = false;
    [[nodiscard]] std::uint64_t body_offset() const { return offset + BatchHeader::kEncodedBytes; }
  };

  BatchScanner(FileWindow& window, std::uint64_t nonce, std::uint64_t offset)
      : window_(window), nonce_(nonce), offset_(offset) {}

  /// Empty: there is none any more.
  [[nodiscard]] std::optional<Found> next();
  /// The place where the last batch was looked for could not be read: there may have been one.
  [[nodiscard]] const Error& read_error() const { return read_error_; }

 private:
  FileWindow& window_;
  const std::uint64_t nonce_;
  std::uint64_t offset_;
  Error read_error_;
};

}  // namespace lockstep
