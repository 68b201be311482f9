// What others may see of the core and the driver.
#include <algorithm>
#include <utility>

#include "consensus/quorum.hpp"
#include "replication/replica.hpp"

namespace lockstep::replication {

/// Shows the core's state to other threads.
void Replica::publish() {
  const MonotonicTime now = runtime_->now();
  const consensus::Core& core = *core_;
  board_.update([&](ReplicationStatus& status, ReplicationMetrics&) {
    status.role = core.role();
    status.term = core.term();
    status.leader = core.leader();
    status.bootstrapped = core.initialised();
    status.stranger = core.is_stranger();
    status.first_index = core.log().first_index();
    status.last_index = core.log().last_index();
    status.durable_index = core.log().durable_index();
    status.commit_index = core.commit_index();
    status.last_applied = apply_pump_->applied();
    status.failure = failure_;
    if (status.damaged != core.log().damaged()) status.damaged = core.log().damaged();
    status.replication_lag = core.commit_index().value() - status.last_applied.value();
    if (status.configuration != core.configuration()) {
      status.configuration = core.configuration();
      status.cluster = core.identity().cluster;
    }
    const consensus::Leadership* leadership = core.leadership();
    status.followers.resize(leadership == nullptr ? 0 : leadership->followers.size());
    if (leadership == nullptr) return;
    std::size_t i = 0;
    status.replication_lag = 0;
    for (const auto& [node, follower] : leadership->followers) {
      FollowerStatus& shown = status.followers[i++];
      const Index match = follower.progress.match_index();
      if (shown.node != node) shown.node = node;
      shown.voter = consensus::is_voter(core.configuration(), node);
      shown.match_index = match;
      shown.lag_entries = core.log().last_index().value() - match.value();
      shown.lag_bytes = core.log().bytes_after(match);
      shown.lag_time =
          shown.lag_entries == 0 ? std::chrono::nanoseconds{0} : now - follower.level_at;
      shown.needs_snapshot = follower.needs_snapshot;
      shown.snapshot_bytes = follower.transfer ? follower.transfer->offer().size_bytes : 0;
      shown.snapshot_bytes_arrived =
          follower.transfer ? follower.transfer->acknowledged_bytes() : 0;
      shown.stranger = follower.stranger;
      if (shown.voter) status.replication_lag = std::max(status.replication_lag, shown.lag_entries);
    }
  });
}

void Replica::tell_term() {
  if (core_->term() == std::exchange(told_term_, core_->term())) return;
  host_->emit({TermChanged{told_term_}});
}

void Replica::tell_leader() {
  const auto leader = core_->leader();
  const bool is_told =
      told_leader_ && told_leader_->node == leader && told_leader_->term == core_->term();
  if (!leader || is_told) return;
  told_leader_ = {*leader, core_->term()};
  host_->emit({*told_leader_});
}

ReplicationStatus Replica::status() const {
  ReplicationStatus status = board_.status();
  status.pending_entries = open_writes_.load(std::memory_order_relaxed);
  if (const auto network = network_seen_.lock())
    status.connected_nodes = network->connected_nodes();
  for (FollowerStatus& follower : status.followers) {
    follower.connected = std::ranges::count(status.connected_nodes, follower.node) > 0;
  }
  return status;
}

ReplicationMetrics Replica::metrics() const {
  ReplicationMetrics metrics = board_.metrics();
  metrics.listener_exceptions = host_->exceptions();
  return metrics;
}

/// More than it was given cannot be durable: such a report is the engine's mistake, and only as
/// much of it is believed.
void Replica::report_durable_applied(Index index) {
  board_.engine_has_durable(std::min(index, apply_pump_->given_to_engine()));
}

}  // namespace lockstep::replication
