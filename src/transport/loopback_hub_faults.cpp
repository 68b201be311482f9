#include <utility>

#include "transport/loopback_hub.hpp"

namespace lockstep {

bool LoopbackNetwork::Hub::is_cut_locked(const Direction& direction) {
  return lines_[direction].is_cut || lines_[{direction.second, direction.first}].is_cut;
}

void LoopbackNetwork::Hub::lose_locked(End& end) {
  const std::size_t lost = end.pipe.lose_all();
  if (lost > 0) end.lost = true;
  counts_.frames_lost += lost;
  end.arrival.reset();
}

void LoopbackNetwork::Hub::break_connection_locked(EndId id) {
  const auto found = ends_.find(id);
  if (found == ends_.end() || found->second.broken) return;
  ++counts_.connections_broken;
  break_end_locked(id);
  break_end_locked(found->second.other);
}

void LoopbackNetwork::Hub::break_end_locked(EndId id) {
  const auto found = ends_.find(id);
  if (found == ends_.end()) return;
  End& end = found->second;
  lose_locked(end);
  release_writer_locked(end, Errc::kConnectionLost);
  end.broken = true;
  end.pipe.send(transport::LoopbackClosed{}, runtime_->now(), std::chrono::nanoseconds{0}, 0);
  wake_locked(id, end);
}

void LoopbackNetwork::Hub::break_off_locked(EndId receiver, End& end) {
  ++counts_.connections_broken;
  send_locked(receiver, end, transport::LoopbackClosed{});
  end.broken = true;
}

void LoopbackNetwork::Hub::cut(const Direction& direction) {
  const Turn turn(*this);
  lines_[direction].is_cut = true;
  for (auto& [id, end] : ends_) {
    if (end.inbound == direction) lose_locked(end);
  }
}

void LoopbackNetwork::Hub::heal_locked(const Direction& direction) {
  if (!std::exchange(lines_[direction].is_cut, false)) return;
  for (auto& [id, end] : ends_) {
    if (end.inbound == direction && end.lost) break_connection_locked(id);
  }
  connect_pending_locked();
}

void LoopbackNetwork::Hub::heal(const Direction& direction) {
  const Turn turn(*this);
  heal_locked(direction);
}

void LoopbackNetwork::Hub::heal_all() {
  const Turn turn(*this);
  for (auto& [direction, line] : lines_) heal_locked(direction);
}

void LoopbackNetwork::Hub::set_faults(const Direction& direction, const LinkFaults& faults) {
  const Turn turn(*this);
  lines_[direction].set_faults(faults);
}

void LoopbackNetwork::Hub::set_delay(const Direction& direction, std::chrono::nanoseconds delay) {
  const Turn turn(*this);
  transport::LoopbackLine& line = lines_[direction];
  LinkFaults faults = line.faults();
  faults.delay = delay;
  line.set_faults(faults);
}

void LoopbackNetwork::Hub::clear_faults(const Direction& direction) {
  const Turn turn(*this);
  lines_[direction].clear_faults();
  heal_locked(direction);
}

void LoopbackNetwork::Hub::clear_all_faults() {
  const Turn turn(*this);
  for (auto& [direction, line] : lines_) {
    line.clear_faults();
    heal_locked(direction);
  }
}

void LoopbackNetwork::Hub::drop_connection(const NodeId& a, const NodeId& b) {
  const Turn turn(*this);
  for (auto& [id, end] : ends_) {
    if (end.inbound == Direction{a, b} || end.inbound == Direction{b, a}) {
      break_connection_locked(id);
    }
  }
}

void LoopbackNetwork::Hub::drop_in_next_part(const Direction& direction) {
  const Turn turn(*this);
  lines_[direction].breaks_in_next_part = true;
}

void LoopbackNetwork::Hub::flip_bit_in_next_frame(const Direction& direction, std::uint64_t bit) {
  const Turn turn(*this);
  lines_[direction].flip_in_next_frame = bit;
}

void LoopbackNetwork::Hub::flip_bit_in_next_entry_frame(const Direction& direction,
                                                        std::uint64_t bit) {
  const Turn turn(*this);
  lines_[direction].flip_in_next_entry_frame = bit;
}

LoopbackFaultCounts LoopbackNetwork::Hub::fault_counts() {
  const Turn turn(*this);
  return counts_;
}

}  // namespace lockstep
