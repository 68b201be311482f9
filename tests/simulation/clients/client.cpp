#include "simulation/clients/client.hpp"

#include <utility>

namespace lockstep::sim {
namespace {

using namespace std::chrono_literals;

constexpr World::Time kPatience = 100ms;

}  // namespace

void Client::begin() {
  const Settings& settings = world_.settings();
  const auto per_operation = settings.faults_last * static_cast<std::int64_t>(settings.clients) /
                             static_cast<std::int64_t>(settings.operations);
  wait(world_.between(0ns, 2 * per_operation));
}

void Client::wait(World::Time pause) {
  world_.after(pause, [this] {
    if (!world_.clients_go_on) return;
    if (waits_ && !has_ended()) return wait(kPatience);
    if (std::exchange(waits_, false)) return begin();
    waits_ = call();
    wait(kPatience);
  });
}

bool Client::has_ended() {
  if (call_->ended) return true;
  const Node& node = *world_.nodes()[call_->node];
  if (node.life() == call_->life && !node.is_down()) return false;
  // Its node is gone, and the answer with it.
  world_.count("calls without an answer");
  return call_->ended = true;
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

Node* Client::choose_node() {
  if (!world_.one_in(5)) {
    if (Node* leader = world_.leader()) return leader;
  }
  return world_.any_node_that([](Node& node) { return node.is_up(); });
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
  return world_.history().size() - 1;
}

bool Client::call() {
  Node* node = choose_node();
  if (node == nullptr) return false;
  write(*node, draw_command());
  return true;
}

void Client::write(Node& node, const Command& command) {
  call_ = std::make_shared<Call>();
  call_->operation = note_call(command);
  call_->command = command.id;
  call_->life = node.life();
  while (world_.nodes()[call_->node].get() != &node) ++call_->node;
  WriteOptions options;
  options.wait = world_.one_in(4) ? WaitFor::kCommitted : WaitFor::kApplied;
  if (world_.one_in(20)) {
    options.wait = WaitFor::kCommitted;
    options.mode = ReplicationMode::kAsync;
  }
  world_.count("operations");
  if (world_.traces()) {
    world_.note("c" + std::to_string(number_) + " calls " + encode(command).substr(0, 60) + " at " +
                node.id().str());
  }
  node.manager().replicate(
      Payload(encode(command)), options,
      [this, call = call_](const WriteOutcome& outcome) { ended(*call, outcome); });
}

void Client::ended(Call& call, const WriteOutcome& outcome) {
  if (call.ended) {
    return world_.verdict().violated("a call completes once",
                                     "command " + std::to_string(call.command));
  }
  call.ended = true;
  if (world_.traces()) {
    world_.note("c" + std::to_string(number_) + " is told " + to_string(outcome) + " of command " +
                std::to_string(call.command));
  }
  Operation& operation = world_.history()[call.operation];
  if (const auto* committed = std::get_if<WriteCommitted>(&outcome)) {
    operation.returned = world_.next_moment();
    if (committed->result) operation.seen = last_seen_ = committed->result->value;
    world_.checkers().on_acknowledged(world_.nodes()[call.node]->id(), committed->id, call.command);
    world_.count("operations acknowledged");
  } else if (std::holds_alternative<WriteRejected>(outcome)) {
    // It never happened, so it is no part of the history: it overwrites nothing and reads nothing.
    operation.action = Action::kGet;
    world_.checkers().on_rejected(call.command);
    world_.count("operations rejected");
  } else if (std::holds_alternative<WriteLocallyDurable>(outcome)) {
    world_.count("operations locally durable");
  } else {
    world_.count("operations unknown");
  }
}

}  // namespace lockstep::sim
