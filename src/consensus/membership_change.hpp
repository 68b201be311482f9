#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "consensus/effects.hpp"
#include "lockstep/configuration.hpp"
#include "lockstep/error.hpp"
#include "lockstep/time.hpp"

namespace lockstep::consensus {

enum class MemberChange {
  kAddLearner,  ///< a new member, or another incarnation of one, as a learner
  kPromote,     ///< a learner becomes a voter
  kRemove,
};

/// What somebody wants changed, once (design rule 10).
struct MembershipRequest {
  MemberChange kind = MemberChange::kAddLearner;
  NodeId node;
  /// Named in the configuration that the change makes. None: nobody asks again.
  OperationId operation;
  friend bool operator==(const MembershipRequest&, const MembershipRequest&) = default;
};

/// `the promotion of 4`: for texts of errors.
[[nodiscard]] std::string to_string(const MembershipRequest& request);

/// How fast a learner catches up (Raft thesis §4.2.1): in each round it gets what the leader had
/// when the round began. It is fast enough once a round is shorter than an election time-out.
class CatchUp {
 public:
  static constexpr int kMaxRounds = 10;
  enum class State { kGoesOn, kCaughtUp, kTooSlow, kStandsStill };

  CatchUp(Index leaders_last, MonotonicTime now) : end_(leaders_last), begun_(now), moved_(now) {}

  /// `progress` changes whenever the learner gets on, be it by entries or by a snapshot.
  [[nodiscard]] State look(Index match, std::uint64_t progress, Index leaders_last,
                           MonotonicTime now, std::chrono::nanoseconds election_timeout,
                           std::chrono::nanoseconds patience);

 private:
  int round_ = 1;
  Index end_;
  MonotonicTime begun_;
  std::uint64_t progress_ = 0;
  MonotonicTime moved_;
};

/// The change of members that a leader works on; at most one at a time.
struct MembershipChange {
  MembershipRequest request;
  /// More than one when it was asked for again.
  std::vector<CallId> calls;
  /// A promotion waits for its learner.
  std::optional<CatchUp> catch_up;
};

/// What a node that is linked has told of itself.
struct NodeSeen {
  Incarnation incarnation;
  bool initialised = false;
  ClusterId cluster;
  Epoch epoch;
  /// From then until `told_at` all that came from it came from this data, without a long pause.
  MonotonicTime same_since{};
  MonotonicTime told_at{};
};

struct Membership {
  std::optional<MembershipChange> change;
  std::map<NodeId, NodeSeen> seen;
  /// Of the configuration for which this leader has done all that is to be done.
  Index settled;
};

/// The configuration to append for a request: joint when the voters change. `member`: the node with
/// the data that a learner is added with. Errors: kInvalidArgument, kNotAMember, kWrongState, each
/// with what would be right.
[[nodiscard]] Result<Configuration> change(const Configuration& now,
                                           const MembershipRequest& request, const Member& member);
/// The request asks for what is so already.
[[nodiscard]] bool is_done(const Configuration& now, const MembershipRequest& request,
                           const Member& member);
[[nodiscard]] bool has_made(const Configuration& now, OperationId operation);
/// The operation by which data is admitted in the place of a voter's that was lost: as long as the
/// configuration names it, that learner is owed a promotion, by whichever leader.
[[nodiscard]] OperationId readmission_of(Incarnation incarnation);
[[nodiscard]] bool is_owed_promotion(const Configuration& now, const Member& learner);
/// Without the outgoing voters.
[[nodiscard]] Configuration final_of(Configuration joint);

}  // namespace lockstep::consensus
