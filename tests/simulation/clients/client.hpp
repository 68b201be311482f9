#pragma once

#include <memory>
#include <optional>

#include "simulation/engine/command.hpp"
#include "simulation/world/world.hpp"

namespace lockstep::sim {

/// Does one operation after another on registers, at any node that it takes for the leader, and
/// notes in the world's history what it was told.
class Client {
 public:
  Client(World& world, std::uint64_t number) : world_(world), number_(number) {}

  /// From now on, on the world's agenda.
  void begin();

 private:
  /// An operation that waits for its answer.
  struct Call {
    std::size_t operation = 0;
    std::uint64_t command = 0;
    std::size_t node = 0;
    std::uint64_t life = 0;
    bool ended = false;
  };

  void wait(World::Time pause);
  /// False: there is nobody to call.
  bool call();
  [[nodiscard]] bool has_ended();
  [[nodiscard]] Command draw_command();
  [[nodiscard]] Node* choose_node();
  [[nodiscard]] std::size_t note_call(const Command& command);
  void write(Node& node, const Command& command);
  void ended(Call& call, const WriteOutcome& outcome);

  World& world_;
  const std::uint64_t number_;
  std::shared_ptr<Call> call_;
  /// For the end of `call_`.
  bool waits_ = false;
  std::string last_seen_;
};

}  // namespace lockstep::sim
