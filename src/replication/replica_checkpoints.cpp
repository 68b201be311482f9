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

/// From what an image says of itself, as far as it is applied here.
bool Replica::learn_chain(const consensus::DamageOutlived& outlived) {
  const auto header = decode_header(outlived.metadata.bytes());
  if (!header || header->metadata.last != outlived.last ||
      snapshot_id(sha_, outlived.metadata.bytes()) != outlived.snapshot) {
    return false;
  }
  auto chain = chain_up_to(apply_pump_->applied(), boundary_of(header->metadata));
  if (!chain) return false;
  known_chain_ = std::move(chain);
  return true;
}

/// What could not be read at the start, because it was damaged, may be there now, or not be needed
/// any more. `done` is called once the chain is known, if it will be.
void Replica::rebuild_chain(std::function<void()> done) {
  if (checkpoints_.is_known() || !known_chain_ || std::exchange(rebuilds_chain_, true)) return;
  apply_pump_->between_batches([weak = weak_from_this(), done = std::move(done)] {
    const auto self = weak.lock();
    if (!self) return;
    if (self->checkpoints_.is_known()) {  // a snapshot brought it
      self->rebuilds_chain_ = false;
      return self->apply_pump_->go_on(self->core_->log());
    }
    recover_chain(self->wal_, *self->known_chain_, self->apply_pump_->applied(),
                  [weak, done](const std::optional<CheckpointChain>& chain) {
                    const auto alive = weak.lock();
                    if (!alive || alive->phase_ != Phase::kRunning) return;
                    alive->rebuilds_chain_ = false;
                    alive->set_chain(chain);
                    alive->apply_pump_->go_on(alive->core_->log());
                    if (chain) done();
                  });
  });
}

}  // namespace lockstep::replication
