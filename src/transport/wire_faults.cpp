#include "lockstep/testing/wire_faults.hpp"

namespace lockstep::testing {

void WireFaults::flip_bit_in_next_entry_frame(const NodeId& peer, std::uint64_t bit) {
  const std::lock_guard lock(mutex_);
  flip_ = Flip{peer, bit};
}

void WireFaults::isolate(const NodeId& peer) {
  const std::lock_guard lock(mutex_);
  isolated_.insert(peer);
}

void WireFaults::heal(const NodeId& peer) {
  const std::lock_guard lock(mutex_);
  isolated_.erase(peer);
}

bool WireFaults::wants_bit_flip(const NodeId& peer) const {
  const std::lock_guard lock(mutex_);
  return flip_ && flip_->peer == peer;
}

std::optional<std::uint64_t> WireFaults::take_bit_flip(const NodeId& peer) {
  const std::lock_guard lock(mutex_);
  if (!flip_ || flip_->peer != peer) return std::nullopt;
  const std::uint64_t bit = flip_->bit;
  flip_.reset();
  ++flips_done_;
  return bit;
}

bool WireFaults::is_isolated(const NodeId& peer) const {
  const std::lock_guard lock(mutex_);
  return isolated_.contains(peer);
}

std::uint64_t WireFaults::flips_done() const {
  const std::lock_guard lock(mutex_);
  return flips_done_;
}

}  // namespace lockstep::testing
