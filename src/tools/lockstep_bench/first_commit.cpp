#include "tools/lockstep_bench/first_commit.hpp"

#include <chrono>
#include <variant>

namespace lockstep::bench {

FirstCommit::FirstCommit(WALReplicationManager& replica)
    : events_(replica.subscribe([this, &replica](const ReplicationEvent& event) {
        const auto* change = std::get_if<RoleChanged>(&event);
        if (change == nullptr || change->to != Role::kLeader) return;
        replica.replicate(Payload("first"), [this](const WriteOutcome& outcome) {
          const auto* committed = std::get_if<WriteCommitted>(&outcome);
          if (committed == nullptr) return;
          const auto now = std::chrono::steady_clock::now().time_since_epoch();
          const std::lock_guard lock(mutex_);
          seen_ = {committed->id.term.value(), std::chrono::nanoseconds(now).count()};
        });
      })) {}

FirstCommit::Seen FirstCommit::newest() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

}  // namespace lockstep::bench
