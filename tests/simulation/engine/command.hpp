#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "simulation/history/operation.hpp"

namespace lockstep::sim {

/// What a client asks the engine to do: the payload of one entry.
struct Command {
  /// Of the whole run: no two commands share it, but the retries of one in a session.
  std::uint64_t id = 0;
  Action action = Action::kGet;
  std::string key;
  std::string argument;
  std::string expected;
  /// Nothing but length.
  std::size_t padding_bytes = 0;
};

[[nodiscard]] std::string encode(const Command& command);
[[nodiscard]] std::optional<Command> decode(std::string_view payload);

}  // namespace lockstep::sim
