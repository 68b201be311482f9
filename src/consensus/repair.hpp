#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "consensus/messages.hpp"
#include "lockstep/entry.hpp"
#include "lockstep/time.hpp"
#include "lockstep/types.hpp"

namespace lockstep::consensus {

/// How far a replica has come with the repair of its own log.
struct Repair {
  struct Question {
    std::uint64_t id = 0;
    IndexRange range;
  };
  /// What members were asked for and have not answered.
  std::map<NodeId, Question> questions;
  /// Counts from a random number, so that no answer fits a question of another life.
  std::uint64_t last_question = 0;
  NodeId last_asked;
  /// The last one that had copies; it may have more.
  std::optional<NodeId> helper;
  /// Since somebody had copies.
  std::size_t refusals = 0;
  /// Nobody had all that was asked for: the first entry may be had all the same.
  bool asks_for_one = false;
  /// Nobody had the damaged entries before this one: those behind it may be had all the same.
  Index from;
  /// Not before.
  MonotonicTime next_question{};
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
  RepairRequest request;
};

}  // namespace lockstep::consensus
