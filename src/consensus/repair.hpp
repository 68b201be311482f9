#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lockstep/entry.hpp"
#include "lockstep/time.hpp"
#include "lockstep/types.hpp"

namespace lockstep::consensus {

/// How far a replica has come with the repair of its own log.
struct Repair {
  struct Question {
    NodeId peer;
    IndexRange range;
  };
  std::optional<Question> question;
  NodeId last_asked;
  /// Not before; an unanswered question ends then.
  MonotonicTime next_question{};
  /// Nobody had all that was asked for: the first entry may be had all the same.
  bool asks_for_one = false;
  /// The copies that the log is being repaired with; none: it is not.
  std::vector<Entry> writing;
  bool write_under_way = false;
  /// A read that finds out whether what the log would not repair is damaged at all.
  std::optional<std::uint64_t> check;
  /// The log takes no repair: this node cannot become whole by itself.
  bool not_supported = false;
};

/// A member waits for these copies.
struct RepairRead {
  NodeId peer;
  Index first;
};

}  // namespace lockstep::consensus
