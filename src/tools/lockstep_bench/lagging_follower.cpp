#include "tools/lockstep_bench/lagging_follower.hpp"

#include <chrono>

#include "tools/lockstep_bench/measurement.hpp"
#include "tools/lockstep_bench/waiting.hpp"

namespace lockstep::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::minutes kPatience{10};

}  // namespace

LaggingFollower::LaggingFollower(Cluster& cluster)
    : cluster_(cluster), leader_(cluster.await_leader()), follower_(cluster.follower_of(leader_)) {}

std::uint64_t LaggingFollower::commit_index() {
  return cluster_.node(leader_).ask("status").at("commit_index");
}

void LaggingFollower::settle() {
  await("what is committed to be applied everywhere", kPatience, [this] {
    const auto status = cluster_.node(leader_).ask("status");
    const std::uint64_t last = status.at("last_index");
    for (std::size_t i = 0; i < cluster_.size(); ++i) {
      if (cluster_.answers(i) && cluster_.node(i).ask("status").at("last_applied") != last) {
        return false;
      }
    }
    return true;
  });
}

void LaggingFollower::miss(const Load& load, std::uint64_t entries) {
  settle();
  cluster_.node(follower_).ask("keep");
  cluster_.end(follower_);
  missed_from_ = commit_index();
  const std::uint64_t wanted = missed_from_ + entries;
  {
    const Measurement client(cluster_, leader_, load);
    await("what is to be missed", kPatience, [&] { return commit_index() >= wanted; });
  }
  settle();
  missed_up_to_ = commit_index();
}

void LaggingFollower::need_snapshot() {
  for (std::size_t i = 0; i < cluster_.size(); ++i) {
    if (cluster_.answers(i)) cluster_.node(i).ask("release");
  }
}

double LaggingFollower::catch_up() {
  const Clock::time_point before = Clock::now();
  cluster_.begin(follower_);
  await("a follower to catch up", kPatience, [this] {
    return cluster_.node(follower_).ask("status").at("durable_index") >= missed_up_to_;
  });
  return std::chrono::duration<double>(Clock::now() - before).count();
}

}  // namespace lockstep::bench
