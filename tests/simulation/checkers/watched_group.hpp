#pragma once

#include <map>
#include <string>

#include "simulation/checkers/checkers.hpp"
#include "simulation/engine/command.hpp"

namespace lockstep::sim {

/// Nodes n1, n2, ... that do and say what a test tells them, under the eyes of all checkers. Each
/// begins with entry 1/1, which names the first `voters` of them.
class WatchedGroup {
 public:
  explicit WatchedGroup(std::size_t voters = 3, std::size_t nodes = 6);

  /// The first property that was found broken; empty: all hold.
  [[nodiscard]] const std::string& broken() const { return verdict_.property; }
  [[nodiscard]] Checkers& checkers() { return checkers_; }

  [[nodiscard]] static NodeId node(int number) { return NodeId("n" + std::to_string(number)); }
  [[nodiscard]] static EntryId entry(std::uint64_t index, std::uint64_t term) {
    return {Index(index), Term(term)};
  }
  [[nodiscard]] static Configuration configuration(std::vector<int> voters,
                                                   std::vector<int> outgoing = {});

  // Changes of logs, answered in their order.
  void writes(int number, EntryId id, const std::string& content = "");
  void writes(int number, EntryId id, Configuration configuration);
  void writes(int number, HardState state);
  void cuts(int number, std::uint64_t from);
  void has_durable(int number);
  void is_refused(int number);
  void fails(int number);
  /// Writes it, and has it durable.
  void gets(int number, EntryId id, const std::string& content = "");

  /// Votes of n1 to n3 make it the leader.
  void is_elected(int number, std::uint64_t term);
  void says(int number, int to, consensus::MessageBody body);
  /// As the leader, in a heartbeat.
  void commits(int number, std::uint64_t term, std::uint64_t index);
  void applies(int number, EntryId id, const Command& command);
  void applies(int number, EntryId id, const std::string& payload);
  /// In a new life, with what the engine had flushed, and a log that holds all that is durable up
  /// to `last`.
  void restarts(int number, EntryId last, const HardState& state,
                const EngineDisk& disk = EngineDisk());
  [[nodiscard]] const KvState& engine_of(int number) { return engines_[number]; }

 private:
  void change(int number, const LogChange& change);

  Verdict verdict_;
  Checkers checkers_{verdict_};
  std::map<int, KvState> engines_;
};

}  // namespace lockstep::sim
