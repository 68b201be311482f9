#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lockstep/loopback_network.hpp"
#include "lockstep/replication_manager.hpp"
#include "lockstep/testing/simulated_disk.hpp"
#include "lockstep/testing/simulated_machine.hpp"
#include "simulation/engine/kv_engine.hpp"
#include "simulation/observe/observer.hpp"
#include "simulation/world/settings.hpp"

namespace lockstep::sim {

/// One node: a disk that outlives everything, and, while it lives, a machine with a whole replica.
class Node {
 public:
  enum class State { kDown, kStarting, kUp, kStopping };
  /// What the world wants to know of it.
  struct Hooks {
    Observer& observer;
    std::function<void(Node&)> on_life;
    std::function<void(Node&, const ReplicationEvent&)> on_event;
    std::function<void(Node&, const std::string&)> on_invariant_broken;
  };

  Node(NodeId id, const Settings& settings, testing::SimulatedRuntime& simulated,
       LoopbackNetwork& network, Hooks hooks);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// A new life, with connections to `peers`. Precondition: kDown.
  void start(const std::vector<NodeId>& peers);
  /// The machine's power goes, or, with `keeps_page_cache`, its process is killed. Precondition:
  /// not kDown.
  void crash(std::uint64_t seed, bool keeps_page_cache);
  /// In order. Precondition: kUp.
  void stop();
  /// To be called when nothing of it runs: what has stopped is let go of.
  void settle();
  /// The folder of the log and the engine's data are gone. Precondition: kDown.
  void take_data_away();

  [[nodiscard]] const NodeId& id() const { return id_; }
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool is_up() const { return state_ == State::kUp; }
  [[nodiscard]] bool is_down() const { return state_ == State::kDown; }
  /// Of lives, from 1: what was asked in an earlier one is never answered.
  [[nodiscard]] std::uint64_t life() const { return life_; }
  /// Why it did not come up, or did not go down in order, last time.
  [[nodiscard]] const std::optional<Error>& trouble() const { return trouble_; }

  // Precondition: not kDown.
  [[nodiscard]] WALReplicationManager& manager() { return *manager_; }
  [[nodiscard]] const WALReplicationManager& manager() const { return *manager_; }
  [[nodiscard]] const KvEngine& engine() const { return *engine_; }
  [[nodiscard]] testing::SimulatedMachine& machine() { return *machine_; }

  [[nodiscard]] testing::SimulatedDisk& disk() { return *disk_; }
  [[nodiscard]] const EngineDisk& engine_disk() const { return *engine_disk_; }

  /// A fault was made in this life that may stop it, or keep it from starting.
  bool may_fail = false;
  /// Its disk has little room.
  bool is_full = false;
  /// Nobody starts it any more.
  bool stays_down = false;
  /// Its data was taken away: to the group it is a stranger.
  bool is_stranger = false;
  /// It lost what it had promised to keep. For good: nobody can be sure that all of it was found.
  bool lost_data = false;
  /// The power is to go when the disk has been called so often.
  std::optional<std::uint64_t> power_cut_at;

 private:
  void let_go();
  void make_network(const std::vector<NodeId>& peers);
  void make_replica();

  const NodeId id_;
  const Settings& settings_;
  testing::SimulatedRuntime& simulated_;
  LoopbackNetwork& network_;
  const Hooks hooks_;
  std::shared_ptr<testing::SimulatedDisk> disk_ = std::make_shared<testing::SimulatedDisk>();
  std::shared_ptr<EngineDisk> engine_disk_ = std::make_shared<EngineDisk>();
  State state_ = State::kDown;
  bool stopped_ = false;
  std::uint64_t life_ = 0;
  std::optional<Error> trouble_;

  std::shared_ptr<testing::SimulatedMachine> machine_;
  std::shared_ptr<INetworkManager> transport_;
  std::shared_ptr<KvEngine> engine_;
  std::unique_ptr<WALReplicationManager> manager_;
  Subscription events_;
};

}  // namespace lockstep::sim
