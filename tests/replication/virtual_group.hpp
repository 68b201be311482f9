#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lockstep/loopback_network.hpp"
#include "lockstep/memory_wal_manager.hpp"
#include "lockstep/replication_manager.hpp"
#include "lockstep/testing/simulated_runtime.hpp"
#include "replication/recording_engine.hpp"

namespace lockstep::test {

/// Replicas n1, n2, ... in virtual time: real managers, core and codec, on the loopback network and
/// logs in memory, driven by one seed.
class VirtualGroup {
 public:
  using SetUp = std::function<void(ReplicaOptions&)>;

  explicit VirtualGroup(
      std::uint64_t seed, std::size_t size = 3, SetUp set_up = [](ReplicaOptions&) {});

  struct Replica {
    NodeId id;
    std::shared_ptr<MemoryWALManager::Disk> disk = MemoryWALManager::make_disk();
    /// Empty: the engine forgets, and is fed again.
    std::shared_ptr<EngineDisk> engine_disk{};
    std::shared_ptr<RecordingEngine> engine{};
    std::unique_ptr<WALReplicationManager> manager{};
    std::vector<ReplicationEvent> events{};
    Subscription subscription{};

    [[nodiscard]] ReplicationStatus status() const { return manager->status(); }
    template <class Event>
    [[nodiscard]] std::vector<Event> events_of() const {
      std::vector<Event> found;
      for (const ReplicationEvent& event : events) {
        if (const auto* wanted = std::get_if<Event>(&event)) found.push_back(*wanted);
      }
      return found;
    }
  };

  /// From 1 on.
  [[nodiscard]] Replica& operator[](std::size_t number) { return *replicas_[number - 1]; }
  [[nodiscard]] std::vector<NodeId> members() const;

  void start_all();
  /// Founds the group on n1.
  void found();
  void start(std::size_t number);
  /// The process is gone: manager, transport, what was not durable.
  void kill(std::size_t number);
  /// Nothing comes from or gets to it, until `network.heal_all()`.
  void isolate(std::size_t number);

  /// The only leader of those that are up, if there is one.
  [[nodiscard]] std::optional<std::size_t> leader();
  /// Runs until there is one that all others that are up follow.
  [[nodiscard]] std::optional<std::size_t> await_leader(
      std::chrono::nanoseconds limit = std::chrono::minutes(1));

  /// Runs until it has an outcome.
  [[nodiscard]] WriteOutcome write(std::size_t number, const std::string& text,
                                   WriteOptions options = {});
  [[nodiscard]] Error await(const std::function<void(std::function<void(Error)>)>& call);
  void must_succeed(const std::function<void(std::function<void(Error)>)>& call);

  testing::SimulatedRuntime simulated;
  LoopbackNetwork network;

 private:
  SetUp set_up_;
  std::vector<std::unique_ptr<Replica>> replicas_;
};

}  // namespace lockstep::test
