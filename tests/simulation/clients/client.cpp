#include "simulation/clients/client.hpp"

#include <utility>

#include "simulation/clients/reader.hpp"
#include "simulation/clients/session_writer.hpp"
#include "simulation/clients/writer.hpp"

namespace lockstep::sim {
namespace {

using namespace std::chrono_literals;

constexpr World::Time kPatience = 100ms;

}  // namespace

std::unique_ptr<Client> make_client(World& world, std::uint64_t number) {
  if (world.one_in(3)) return std::make_unique<SessionWriter>(world, number);
  if (world.one_in(3)) return std::make_unique<Reader>(world, number);
  return std::make_unique<Writer>(world, number);
}

void Client::begin() {
  const Settings& settings = world_.settings();
  const auto per_operation = settings.faults_last * static_cast<std::int64_t>(settings.clients) /
                             static_cast<std::int64_t>(settings.operations);
  wait(world_.between(0ns, 2 * per_operation));
}

void Client::wait(World::Time pause) {
  world_.after(pause, [this] {
    if (!world_.clients_go_on) return;
    if (waits_ && !is_done()) return wait(kPatience);
    if (std::exchange(waits_, false)) return begin();
    waits_ = operate();
    if (waits_) world_.count("operations");
    wait(kPatience);
  });
}

Node* Client::choose_node() {
  if (!world_.one_in(5)) {
    if (Node* leader = world_.leader()) return leader;
  }
  return world_.any_node_that([](Node& node) { return node.is_up(); });
}

Command Client::draw_command() {
  Command command;
  command.id = world_.next_command();
  command.key = "k" + std::to_string(1 + world_.below(world_.settings().keys));
  command.argument = "<" + std::to_string(command.id) + ">";
  const std::uint64_t draw = world_.below(100);
  if (draw < 30) {
    command.action = Action::kPut;
  } else if (draw < 65) {
    command.action = Action::kAppend;
  } else if (draw < 80) {
    command.action = Action::kCompareAndSet;
    command.expected = last_seen_;
  } else {
    command.action = Action::kGet;
    command.argument.clear();
  }
  if (world_.one_in(10)) command.padding_bytes = world_.below(9000);
  return command;
}

std::size_t Client::note_call(const Command& command) {
  Operation operation;
  operation.client = number_;
  operation.key = command.key;
  operation.action = command.action;
  operation.argument = command.argument;
  operation.expected = command.expected;
  operation.called = world_.next_moment();
  world_.history().push_back(std::move(operation));
  world_.commands().push_back(command.id);
  if (world_.traces()) note("calls " + encode(command).substr(0, 60));
  return world_.history().size() - 1;
}

void Client::note_return(std::size_t place, std::optional<std::string> seen) {
  if (seen) last_seen_ = *seen;
  operation(place).returned = world_.next_moment();
  operation(place).seen = std::move(seen);
  world_.count("operations acknowledged");
}

void Client::note_rejected(std::size_t place) {
  // It overwrites nothing and reads nothing.
  operation(place).action = Action::kGet;
  operation(place).argument.clear();
  world_.count("operations rejected");
}

bool Client::is_lost(Call& call) {
  if (call.ended) return false;
  if (call.node->life() == call.life && !call.node->is_down()) return false;
  world_.count("calls without an answer");
  return call.ended = true;
}

void Client::note_end(Call& call) {
  if (call.ended) {
    world_.verdict().violated("a call completes once", "of client " + std::to_string(number_));
  }
  call.ended = true;
}

void Client::note(const std::string& text) {
  if (world_.traces()) world_.note("c" + std::to_string(number_) + " " + text);
}

}  // namespace lockstep::sim
