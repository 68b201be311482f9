#pragma once

#include "replication/replica.hpp"

namespace lockstep::replication {

/// One event into the core, its effects executed, its consequences told: what can be seen of it
/// before the calls that it completes. On the strand.
template <class Event>
void Replica::step(Event&& event) {
  if (phase_ != Phase::kRunning) return;
  core_->set_time(runtime_->now());
  event(*core_);
  consensus::Effects effects = core_->take_effects();
  if (effects.failure) failure_ = effects.failure;
  publish();
  tell_term();
  execute(std::move(effects));
  tell_leader();
  complete_sync_waiters(
      sync_waiters_.take_finished(*core_, apply_pump_->applied(), runtime_->now()));
  if (reads_.size() > 0) {
    complete_reads(reads_.take_finished(apply_pump_->applied(), runtime_->now()));
    ask_for_reads();
  }
  complete_pending();
  plan_tick();
}

}  // namespace lockstep::replication
