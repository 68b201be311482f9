#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "consensus/progress.hpp"

namespace lockstep::consensus {

struct CoreOptions {
  std::chrono::nanoseconds heartbeat_interval{};
  /// How long a commit waits for an append that tells the followers of it, before a message of its
  /// own does.
  std::chrono::nanoseconds commit_notice_delay{};
  /// Who hears of no leader for a time in this range campaigns by itself, and a leader that hears
  /// of no majority for `election_timeout_min` gives up. False: leadership is assigned.
  bool elected = false;
  std::chrono::nanoseconds election_timeout_min{};
  std::chrono::nanoseconds election_timeout_max{};
  /// Differs from node to node: it decides who campaigns first.
  std::uint64_t random_seed = 0;
  std::chrono::nanoseconds vote_timeout{};
  std::chrono::nanoseconds transfer_timeout{};
  std::chrono::nanoseconds bootstrap_timeout{};
  std::chrono::nanoseconds retry_interval{};
  WindowLimits window;
  std::size_t max_batch_bytes = 0;
  /// Of one read from the WAL for a follower that lacks what memory has let go of.
  std::size_t read_ahead_bytes = 0;
  std::size_t tail_cache_bytes = 0;
  /// A member that comes with an emptied disk is added again as a learner, and promoted if it was
  /// a voter.
  bool readmit_strangers = false;
};

}  // namespace lockstep::consensus
