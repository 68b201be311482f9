#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "consensus/catch_up_pace.hpp"
#include "consensus/progress.hpp"
#include "consensus/read_ahead.hpp"
#include "consensus/read_index_queue.hpp"
#include "consensus/snapshot_transfer.hpp"
#include "lockstep/time.hpp"
#include "lockstep/types.hpp"

namespace lockstep::consensus {

/// A follower with a slow link or a hung disk gets its window again after 1, 2, 4, ... and at last
/// 32 retry intervals.
inline constexpr int kMaxRetryDoublings = 5;

/// What a leader keeps for its term (Raft figure 2, volatile state on leaders).
struct Leadership {
  struct Follower {
    Progress progress;
    ReadAhead read_ahead;
    CatchUpPace pace{};
    Incarnation incarnation;
    bool linked = true;
    /// It answers with another incarnation than the configuration names: it counts for nothing.
    bool stranger = false;
    bool needs_snapshot = false;
    /// While an image is on its way there.
    std::optional<SnapshotTransfer> transfer{};
    /// An image could not be had, or was refused: the next is not asked for before.
    MonotonicTime next_snapshot{};
    /// It has promised what lies beyond this place, and takes no image of it.
    Index too_old{};
    /// Retries since something was acknowledged; each waits twice as long as the one before.
    int silent_retries = 0;
    /// The newest commit index that it was sent.
    Index commit_told{};
    /// When it last answered, as the member that the configuration names.
    MonotonicTime heard_at{};
    /// The newest heartbeat that it has answered.
    std::uint64_t round = 0;
    /// As it says: who may be handed the leadership.
    bool disk_is_well = true;
    /// It has everything that the leader had at this moment.
    MonotonicTime level_at{};
    /// Where the leader's log ended when this was last looked at, and when that was.
    Index awaited{};
    MonotonicTime awaited_since{};
  };
  /// The no-op that opened the term: a majority on it commits all before (Raft §5.4.2).
  Index first_index;
  MonotonicTime next_heartbeat;
  /// When followers are told of a commit that no append has told them of by then.
  std::optional<MonotonicTime> next_commit_notice{};
  /// When somebody last wrote.
  MonotonicTime appended_at{};
  /// Counts the heartbeats; an answer echoes the newest one that has come.
  std::uint64_t round = 0;
  ReadIndexQueue reads{};
  /// Whom it wanted to hand over to last, being sick: next it is another one's turn.
  NodeId last_heir{};
  /// Since when its own log lacks entries.
  std::optional<MonotonicTime> damaged_since{};
  std::map<NodeId, Follower> followers;
};

}  // namespace lockstep::consensus
