#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "lockstep/types.hpp"

namespace lockstep::consensus {

/// How many bytes of entries lie behind a place in the log, in bounded memory: a sum is kept every
/// few entries, sparser as the log grows, and what lies between is interpolated. Of entries from
/// before the start only the mean size of the later ones is known.
class EntrySizes {
 public:
  explicit EntrySizes(Index opened_at) : opened_at_(opened_at), last_{opened_at, 0} {}

  /// Precondition: `index` follows the last one.
  void append(Index index, std::size_t bytes);
  void truncate_from(Index index);
  /// Nobody asks any more for what lies before `index`.
  void release_up_to(Index index);
  [[nodiscard]] std::uint64_t bytes_after(Index index) const;

 private:
  struct Sum {
    Index index;
    std::uint64_t bytes;  ///< of all entries after `opened_at_` up to `index`
  };
  [[nodiscard]] std::uint64_t bytes_up_to(Index index) const;

  /// Entries up to here were there before.
  Index opened_at_;
  Sum last_;
  std::vector<Sum> sums_;
  std::uint64_t stride_ = 64;
};

}  // namespace lockstep::consensus
