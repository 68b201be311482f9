#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lockstep/buffer.hpp"
#include "lockstep/split_mix.hpp"
#include "lockstep/testing/simulated_disk.hpp"

namespace lockstep::testing {

/// The bytes of a simulated file: as they read from the page cache, as they are on the disk, and
/// the writes that lie between the two.
class CachedBytes {
 public:
  CachedBytes() = default;
  explicit CachedBytes(std::vector<std::uint8_t> bytes) : cached_(bytes), stored_(bytes) {}

  [[nodiscard]] const std::vector<std::uint8_t>& cached() const { return cached_; }
  [[nodiscard]] std::uint64_t size() const { return cached_.size(); }

  void write(std::uint64_t offset, std::vector<std::uint8_t> bytes);
  /// All pages that were written to since the last sync get to the disk.
  void sync();
  /// Some of their sectors do; all of the pages count as clean.
  void fail_sync(SplitMix64& numbers);
  void crash(Tearing tearing, SplitMix64& numbers);

  void flip_bit(std::uint64_t byte, unsigned bit);
  void fail_reads(std::uint64_t offset, std::uint64_t bytes);
  void mend_reads() { unreadable_.clear(); }
  [[nodiscard]] bool read_fails(std::uint64_t offset, std::uint64_t bytes) const;

 private:
  struct Write {
    std::uint64_t offset = 0;
    std::vector<std::uint8_t> bytes;
  };
  struct Range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
  };

  static void put(std::vector<std::uint8_t>& into, std::uint64_t offset, ByteSpan bytes);
  void store_sectors(const Write& write, SplitMix64& numbers);
  void store_bytes(const Write& write, SplitMix64& numbers);
  void store_prefix(std::uint64_t bytes);
  [[nodiscard]] std::uint64_t unsynced_bytes() const;

  std::vector<std::uint8_t> cached_;
  std::vector<std::uint8_t> stored_;
  std::vector<Write> unsynced_;
  std::vector<Range> unreadable_;
};

}  // namespace lockstep::testing
