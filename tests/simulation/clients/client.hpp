#pragma once

#include <memory>

#include "simulation/engine/command.hpp"
#include "simulation/world/world.hpp"

namespace lockstep::sim {

/// Does one operation after another on registers, and notes in the world's history what it was
/// told. To add a kind, derive from this, and name it in `make_client`.
class Client {
 public:
  Client(World& world, std::uint64_t number) : world_(world), number_(number) {}
  virtual ~Client() = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// From now on, on the world's agenda.
  void begin();

 protected:
  /// A question that waits for its answer, in one life of a node.
  struct Call {
    Node* node = nullptr;
    std::uint64_t life = 0;
    bool ended = false;
  };

  /// False: there is nobody to ask. Else it ends some time, which `is_done` is asked about.
  virtual bool operate() = 0;
  virtual bool is_done() = 0;

  /// Mostly the leader; sometimes whoever is there. Null: nobody is.
  [[nodiscard]] Node* choose_node();
  [[nodiscard]] Command draw_command();
  /// The place of the new operation in the history.
  [[nodiscard]] std::size_t note_call(const Command& command);
  [[nodiscard]] Operation& operation(std::size_t place) { return world_.history()[place]; }
  /// It has ended so: what was in the register, if the client was told.
  void note_return(std::size_t place, std::optional<std::string> seen);
  /// It never happened, so it is no part of the history.
  void note_rejected(std::size_t place);
  /// Its node is gone, and the answer with it.
  [[nodiscard]] bool is_lost(Call& call);
  /// Calls back once.
  void note_end(Call& call);
  void note(const std::string& text);

  World& world_;

 private:
  void wait(World::Time pause);

  const std::uint64_t number_;
  std::string last_seen_;
  /// For the end of an operation.
  bool waits_ = false;
};

/// The kind is drawn.
[[nodiscard]] std::unique_ptr<Client> make_client(World& world, std::uint64_t number);

}  // namespace lockstep::sim
