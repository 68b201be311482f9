#pragma once

#include <string>

#include "consensus/effects.hpp"

namespace lockstep::consensus {

/// A snapshot on its way into this replica, in steps of which each is durable before the next: the
/// intent in the log, the engine's new state, the log's new boundary. Meanwhile no entries are
/// taken.
struct Installation {
  enum class Step { kIntent, kEngine, kBoundary };

  NodeId sender;
  SnapshotId id;
  std::string name;
  Boundary boundary;
  Step step = Step::kIntent;
  /// That of the intent or the boundary; none: it found no room and is to be written again.
  std::optional<WriteNumber> write{};
};

}  // namespace lockstep::consensus
