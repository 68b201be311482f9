#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "consensus/effects.hpp"
#include "lockstep/time.hpp"

namespace lockstep::consensus {

/// The founding of a group, on the node where it was called: collect every member's incarnation,
/// write the entry at index 1, and see it durable at every member.
struct BootstrapRound {
  CallId call;
  std::vector<NodeId> members;
  ClusterId cluster;
  Epoch epoch;
  MonotonicTime deadline;
  MonotonicTime next_question;
  /// Members that have reported themselves uninitialised.
  std::map<NodeId, Incarnation> incarnations;
  /// Members that have the entry durably; none while still collecting.
  std::set<NodeId> founded;
  /// The write of our own copy, once begun.
  std::optional<WriteNumber> own_write;
};

}  // namespace lockstep::consensus
