#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "wal/cold_reader.hpp"
#include "wal/log_map.hpp"

namespace lockstep {

/// Which part of the segments that are no longer written is to be verified next, and when: over and
/// over, from the first entry to the last, with a rest after each round.
class Scrubber {
 public:
  /// 0: never.
  explicit Scrubber(std::size_t bytes_per_second) : bytes_per_second_(bytes_per_second) {}

  [[nodiscard]] bool has_work(const LogMap& map) const;
  /// How many bytes to verify at once.
  [[nodiscard]] std::uint64_t piece_bytes() const;
  /// Empty: the round is over, and the next one begins.
  [[nodiscard]] std::optional<LogMap::Stretch> next(const LogMap& map);
  void note(const LogMap::Stretch& piece, const ColdReader::VerifyResult& result);
  /// Before the next piece.
  [[nodiscard]] std::chrono::nanoseconds pause() const { return pause_; }

 private:
  [[nodiscard]] std::chrono::nanoseconds time_for(std::uint64_t bytes) const;

  const std::size_t bytes_per_second_;
  Index next_;
  std::chrono::nanoseconds pause_{std::chrono::seconds(1)};
};

}  // namespace lockstep
