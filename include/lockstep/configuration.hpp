#pragma once

#include <cstdint>
#include <vector>

#include "lockstep/buffer.hpp"
#include "lockstep/error.hpp"
#include "lockstep/export.hpp"
#include "lockstep/types.hpp"

namespace lockstep {

/// A member is a node together with the data it had when it was admitted: an emptied or swapped
/// disk has another incarnation and counts for nothing.
struct Member {
  NodeId node;
  Incarnation incarnation;
  friend auto operator<=>(const Member&, const Member&) = default;
};

/// Who belongs to a group (Raft §6). It lives in the log: it acts when appended and is undone when
/// truncated.
struct Configuration {
  std::vector<Member> voters;
  /// Not empty while joint: then majorities of both sets are needed.
  std::vector<Member> outgoing_voters;
  std::vector<Member> learners;
  /// The newest changes, at most 64, oldest first: a change that is named here has been made.
  std::vector<OperationId> operations;

  [[nodiscard]] bool is_joint() const { return !outgoing_voters.empty(); }
  friend bool operator==(const Configuration&, const Configuration&) = default;
};

/// The payload of the entry at index 1: cluster id, epoch and the first configuration.
struct BootstrapRecord {
  ClusterId cluster;
  Epoch epoch;
  Configuration configuration;
  friend bool operator==(const BootstrapRecord&, const BootstrapRecord&) = default;
};

}  // namespace lockstep
