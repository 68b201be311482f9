#pragma once

#include <functional>
#include <set>
#include <vector>

#include "simulation/checkers/facts.hpp"
#include "simulation/observe/observer.hpp"

namespace lockstep::sim {

/// Finds the moments in which members change, a snapshot is on its way, and a node comes back after
/// its end: three things that must not get into each other's way. One seed in ten must have one.
class Overlaps {
 public:
  explicit Overlaps(const Facts& facts) : facts_(facts) {}

  /// A change of members was asked for; `goes_on`: until it was answered, or nobody can answer.
  void change_begins(std::function<bool()> goes_on);
  /// Until it has once more what is committed.
  void comes_back(const NodeId& node) { coming_back_.insert(node); }
  void on_send(const NodeId& from, const consensus::PeerMessage& message);

  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  [[nodiscard]] bool members_change();

  const Facts& facts_;
  std::vector<std::function<bool()>> changes_;
  std::set<NodeId> coming_back_;
  std::uint64_t count_ = 0;
};

}  // namespace lockstep::sim
