#include "simulation/clients/reader.hpp"

namespace lockstep::sim {

bool Reader::operate() {
  Node* node = world_.any_node_that([](Node& n) { return n.is_up(); });
  if (node == nullptr) return false;
  Command command = draw_command();
  command.action = Action::kGet;
  command.argument.clear();
  command.expected.clear();
  read_ = std::make_shared<Read>();
  read_->node = node;
  read_->life = node->life();
  read_->key = command.key;
  read_->place = note_call(command);
  node->manager().read_barrier(
      [this, read = read_](const Result<Index>& outcome) { ended(*read, outcome); });
  return true;
}

void Reader::ended(Read& read, const Result<Index>& outcome) {
  note_end(read);
  if (!outcome) {
    note("may not read: " + outcome.error().message);
    return note_rejected(read.place);
  }
  world_.count("reads behind a barrier");
  std::string value = read.node->engine().value_of(read.key);
  note("reads \"" + value + "\" at " + read.node->id().str() + " behind " + to_string(*outcome));
  operation(read.place).place = 2 * read.node->engine().state().last_index + 1;
  note_return(read.place, std::move(value));
}

}  // namespace lockstep::sim
