#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lockstep/loopback_network.hpp"
#include "lockstep/split_mix.hpp"
#include "lockstep/testing/simulated_runtime.hpp"
#include "simulation/checkers/checkers.hpp"
#include "simulation/coverage/marks.hpp"
#include "simulation/coverage/overlaps.hpp"
#include "simulation/history/operation.hpp"
#include "simulation/world/node.hpp"
#include "simulation/world/settings.hpp"
#include "simulation/world/tally.hpp"
#include "simulation/world/trace.hpp"

namespace lockstep::sim {

/// A group of nodes with everything around them: network, time, chance, an agenda of what is to be
/// done to them and when, and the checkers that look on.
class World {
 public:
  using Time = std::chrono::nanoseconds;

  World(Settings settings, Trace::Write trace);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // The agenda. Nothing of it is done inside a task of a node's.
  void after(Time delay, std::function<void()> what);
  /// What was found broken is not run on.
  void run_for(Time duration);
  [[nodiscard]] Time now() const { return simulated_.elapsed(); }

  // Chance.
  [[nodiscard]] std::uint64_t below(std::uint64_t limit) { return numbers_.below(limit); }
  [[nodiscard]] bool one_in(std::uint64_t n) { return below(n) == 0; }
  [[nodiscard]] bool percent(std::uint64_t p) { return below(100) < p; }
  /// Uniform, both ends included.
  [[nodiscard]] Time between(Time least, Time most);

  // Nodes.
  [[nodiscard]] std::vector<std::unique_ptr<Node>>& nodes() { return nodes_; }
  [[nodiscard]] const std::vector<NodeId>& ids() const { return ids_; }
  [[nodiscard]] Node& any_node() { return *nodes_[below(nodes_.size())]; }
  /// Null: there is none.
  [[nodiscard]] Node* any_node_that(const std::function<bool(Node&)>& predicate);
  /// Of those up, the leader of the highest term by its own account.
  [[nodiscard]] Node* leader();
  void start(Node& node);
  void crash(Node& node, bool keeps_page_cache);
  void take_data_away(Node& node);
  /// Of so many, what they promised may be lost and the group keeps all that is committed.
  [[nodiscard]] bool may_lose_data(const Node& node) const;

  /// In every configuration that any node has for the newest: with those that kept their data.
  [[nodiscard]] bool a_quorum_lives_without(const Node& node) const;

  [[nodiscard]] LoopbackNetwork& network() { return network_; }
  [[nodiscard]] testing::SimulatedRuntime& simulated() { return simulated_; }
  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] Checkers& checkers() { return checkers_; }
  [[nodiscard]] const Checkers& checkers() const { return checkers_; }
  [[nodiscard]] const Marks& marks() const { return marks_; }
  [[nodiscard]] Overlaps& overlaps() { return overlaps_; }
  [[nodiscard]] Verdict& verdict() { return verdict_; }

  // What clients did.
  [[nodiscard]] History& history() { return history_; }
  /// Of each operation of the history.
  [[nodiscard]] std::vector<std::uint64_t>& commands() { return history_commands_; }
  [[nodiscard]] std::uint64_t next_moment() { return ++moments_; }
  [[nodiscard]] std::uint64_t next_command() { return ++commands_; }

  void count(const std::string& what, std::uint64_t by = 1) { tally_[what] += by; }
  [[nodiscard]] Tally& tally() { return tally_; }
  void note(const std::string& text);
  [[nodiscard]] bool traces() const { return trace_ != nullptr; }

  /// While it holds, faults are made.
  bool faults_go_on = true;
  bool clients_go_on = true;
  bool operator_goes_on = true;

 private:
  class Observers;

  void add_node(const NodeId& id);
  void on_event(Node& node, const ReplicationEvent& event);
  [[nodiscard]] bool is_interrupted();
  void cut_power_where_due();

  const Settings settings_;
  SplitMix64 numbers_;
  testing::SimulatedRuntime simulated_;
  LoopbackNetwork network_;
  Verdict verdict_;
  Checkers checkers_;
  Marks marks_;
  Overlaps overlaps_;
  std::unique_ptr<Trace> trace_;
  std::unique_ptr<Observers> observers_;
  std::vector<NodeId> ids_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::multimap<Time, std::function<void()>> agenda_;
  History history_;
  std::vector<std::uint64_t> history_commands_;
  std::uint64_t moments_ = 0;
  std::uint64_t commands_ = 0;
  Tally tally_;
};

}  // namespace lockstep::sim
