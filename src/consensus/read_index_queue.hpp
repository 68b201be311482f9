#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "lockstep/types.hpp"

namespace lockstep::consensus {

/// The linearizable reads that wait at a leader (thesis §6.4): each for a round of heartbeats that
/// was begun after it came. All that come while one is under way share the next. A node, this one
/// too, has one read here at a time, for all that wait there.
class ReadIndexQueue {
 public:
  struct Read {
    NodeId reader;
    std::uint64_t id = 0;
    /// 0: none is begun yet.
    std::uint64_t round = 0;
    /// The commit index when that was begun.
    Index index{};
  };

  /// An earlier one of the same reader is given up; one that is asked again keeps its place.
  void add(const NodeId& reader, std::uint64_t id);
  /// Some wait for a round, and none is under way.
  [[nodiscard]] bool wants_round() const;
  /// All that have no round wait for this one.
  void start(std::uint64_t round, Index commit_index);
  /// Those whose round, or a later one, is confirmed.
  [[nodiscard]] std::vector<Read> take(const std::function<bool(std::uint64_t)>& is_confirmed);
  [[nodiscard]] std::vector<Read> take_all();

 private:
  std::vector<Read> reads_;
};

}  // namespace lockstep::consensus
