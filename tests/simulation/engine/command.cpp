#include "simulation/engine/command.hpp"

#include <array>
#include <charconv>

namespace lockstep::sim {
namespace {

constexpr char kSeparator = '|';
constexpr std::size_t kFields = 5;

}  // namespace

std::string encode(const Command& command) {
  std::string text = std::to_string(command.id);
  text += kSeparator + std::to_string(static_cast<int>(command.action));
  text += kSeparator + command.key;
  text += kSeparator + command.argument;
  text += kSeparator + command.expected;
  text += kSeparator;
  text.append(command.padding_bytes, '.');
  return text;
}

std::optional<Command> decode(std::string_view payload) {
  std::array<std::string_view, kFields> fields;
  for (std::string_view& field : fields) {
    const std::size_t end = payload.find(kSeparator);
    if (end == std::string_view::npos) return std::nullopt;
    field = payload.substr(0, end);
    payload.remove_prefix(end + 1);
  }
  Command command;
  int action = 0;
  const auto [id_end, id_error] =
      std::from_chars(fields[0].data(), fields[0].data() + fields[0].size(), command.id);
  const auto [action_end, action_error] =
      std::from_chars(fields[1].data(), fields[1].data() + fields[1].size(), action);
  if (id_error != std::errc{} || action_error != std::errc{}) return std::nullopt;
  command.action = static_cast<Action>(action);
  command.key = fields[2];
  command.argument = fields[3];
  command.expected = fields[4];
  command.padding_bytes = payload.size();
  return command;
}

}  // namespace lockstep::sim
