// The chain of checkpoints (design section 6), as the strand knows it.
#include <utility>

#include "replication/chain_recovery.hpp"
#include "replication/replica.hpp"
#include "replication/step.hpp"

namespace lockstep::replication {

/// Of what is applied now. While nothing is being applied.
void Replica::set_chain(const std::optional<CheckpointChain>& chain) {
  chain ? checkpoints_.reset(*chain) : checkpoints_.forget();
  apply_pump_->set_chain(chain);
}

/// What could not be read at the start, because it was damaged, may be there now.
void Replica::rebuild_chain() {
  if (checkpoints_.is_known() || !chain_at_start_ || std::exchange(rebuilds_chain_, true)) return;
  apply_pump_->between_batches([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    if (self->checkpoints_.is_known()) {  // a snapshot brought it
      self->rebuilds_chain_ = false;
      return self->apply_pump_->go_on(self->core_->log());
    }
    recover_chain(self->wal_, *self->chain_at_start_, self->apply_pump_->applied(),
                  [weak](const std::optional<CheckpointChain>& chain) {
                    const auto alive = weak.lock();
                    if (!alive || alive->phase_ != Phase::kRunning) return;
                    alive->rebuilds_chain_ = false;
                    alive->set_chain(chain);
                    alive->apply_pump_->go_on(alive->core_->log());
                  });
  });
}

}  // namespace lockstep::replication
