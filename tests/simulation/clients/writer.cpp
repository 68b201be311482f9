#include "simulation/clients/writer.hpp"

namespace lockstep::sim {

bool Writer::operate() {
  Node* node = choose_node();
  if (node == nullptr) return false;
  const Command command = draw_command();
  write_ = std::make_shared<Write>();
  write_->node = node;
  write_->life = node->life();
  write_->place = note_call(command);
  write_->command = command.id;
  WriteOptions options;
  options.wait = world_.one_in(4) ? WaitFor::kCommitted : WaitFor::kApplied;
  if (world_.one_in(20)) {
    options.wait = WaitFor::kCommitted;
    options.mode = ReplicationMode::kAsync;
  }
  node->manager().replicate(
      Payload(encode(command)), options,
      [this, write = write_](const WriteOutcome& outcome) { ended(*write, outcome); });
  return true;
}

void Writer::ended(Write& write, const WriteOutcome& outcome) {
  note_end(write);
  if (world_.traces()) {
    note("is told by " + write.node->id().str() + " " + to_string(outcome) + " of command " +
         std::to_string(write.command));
  }
  if (const auto* committed = std::get_if<WriteCommitted>(&outcome)) {
    std::optional<std::string> seen;
    if (committed->result) seen = committed->result->value;
    note_return(write.place, std::move(seen));
    world_.checkers().on_acknowledged(write.node->id(), committed->id, write.command);
  } else if (std::holds_alternative<WriteRejected>(outcome)) {
    note_rejected(write.place);
    world_.checkers().on_rejected(write.command);
  } else if (std::holds_alternative<WriteLocallyDurable>(outcome)) {
    world_.count("operations locally durable");
  } else {
    world_.count("operations unknown");
  }
}

}  // namespace lockstep::sim
