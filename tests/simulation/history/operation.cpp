#include "simulation/history/operation.hpp"

namespace lockstep::sim {

std::string to_string(Action action) {
  switch (action) {
    case Action::kGet:
      return "get";
    case Action::kPut:
      return "put";
    case Action::kAppend:
      return "append";
    case Action::kCompareAndSet:
      return "compare-and-set";
  }
  return "?";
}

std::string after(const Operation& operation, const std::string& before) {
  switch (operation.action) {
    case Action::kGet:
      break;
    case Action::kPut:
      return operation.argument;
    case Action::kAppend:
      return before + operation.argument;
    case Action::kCompareAndSet:
      return before == operation.expected ? operation.argument : before;
  }
  return before;
}

std::string to_string(const Operation& operation) {
  std::string text = "c" + std::to_string(operation.client) + " " + to_string(operation.action) +
                     " " + operation.key;
  if (operation.action == Action::kCompareAndSet) text += " \"" + operation.expected + "\" ->";
  if (operation.action != Action::kGet) text += " \"" + operation.argument + "\"";
  if (operation.seen) text += " saw \"" + *operation.seen + "\"";
  text += " (" + std::to_string(operation.called) + "-";
  text += operation.returned ? std::to_string(*operation.returned) : "unknown";
  return text + ")";
}

}  // namespace lockstep::sim
