#pragma once

#include "consensus/quorum.hpp"
#include "replication/replica.hpp"

namespace lockstep::replication {

/// One event into the core, its effects executed, its consequences told. On the strand.
template <class Event>
void Replica::step(Event&& event) {
  if (phase_ != Phase::kRunning) return;
  event(*core_);
  execute(core_->take_effects());
  // What the execution itself told the core, such as a send that was refused.
  if (auto more = core_->take_effects(); more.failure || !more.notices.empty()) {
    execute(std::move(more));
  }
  for (auto& finished :
       sync_waiters_.take_finished(*core_, apply_pump_->applied(), runtime_->now())) {
    answer(std::move(finished.done), std::move(finished.error));
  }
  complete_pending();
  publish();
}

}  // namespace lockstep::replication
