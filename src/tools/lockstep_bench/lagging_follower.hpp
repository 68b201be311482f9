#pragma once

#include <cstddef>
#include <cstdint>

#include "tools/lockstep_bench/cluster.hpp"
#include "tools/lockstep_bench/load.hpp"

namespace lockstep::bench {

/// A cluster with a member that ends, misses what is written meanwhile, and comes back. What fails
/// throws std::runtime_error.
class LaggingFollower {
 public:
  /// Of a cluster in which nothing is under way, and that keeps its logs whole.
  explicit LaggingFollower(Cluster& cluster);

  [[nodiscard]] std::size_t leader() const { return leader_; }

  /// It ends, and then so many entries are committed.
  void miss(const Load& load, std::uint64_t entries);
  /// How many were committed while it was away.
  [[nodiscard]] std::uint64_t missed() const { return missed_up_to_ - missed_from_; }
  /// The others' logs let go of everything: it will need a snapshot.
  void need_snapshot();
  /// It begins again; how long that took until its log holds, durably, what it had missed; the
  /// start of its process is part of it.
  [[nodiscard]] double catch_up();

 private:
  [[nodiscard]] std::uint64_t commit_index();
  /// Until every node that runs has applied what is committed.
  void settle();

  Cluster& cluster_;
  const std::size_t leader_;
  const std::size_t follower_;
  std::uint64_t missed_from_ = 0;
  std::uint64_t missed_up_to_ = 0;
};

}  // namespace lockstep::bench
