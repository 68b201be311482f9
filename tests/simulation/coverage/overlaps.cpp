#include "simulation/coverage/overlaps.hpp"

#include <utility>

namespace lockstep::sim {

void Overlaps::change_begins(std::function<bool()> goes_on) {
  changes_.push_back(std::move(goes_on));
}

void Overlaps::on_send(const NodeId& from, const consensus::PeerMessage& message) {
  if (const auto* answer = std::get_if<consensus::AppendResponse>(&message.body)) {
    if (answer->accepted && answer->match_index >= facts_.last_committed()) {
      coming_back_.erase(from);
    }
  }
  const bool is_of_snapshot = std::holds_alternative<consensus::InstallSnapshot>(message.body) ||
                              std::holds_alternative<consensus::SnapshotResponse>(message.body);
  if (is_of_snapshot && !coming_back_.empty() && members_change()) ++count_;
}

bool Overlaps::members_change() {
  std::erase_if(changes_, [](const auto& goes_on) { return !goes_on(); });
  return !changes_.empty();
}

}  // namespace lockstep::sim
