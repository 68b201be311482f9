#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lockstep::sim {

enum class Action { kGet, kPut, kAppend, kCompareAndSet };
[[nodiscard]] std::string to_string(Action action);

/// What one client did to one register, as seen from outside. A register holds a text, at first the
/// empty one.
struct Operation {
  std::uint64_t client = 0;
  std::string key;
  Action action = Action::kGet;
  /// What is put or appended, or set if the register holds `expected`.
  std::string argument;
  std::string expected;
  /// Its place among all calls and returns of the history: one number each.
  std::uint64_t called = 0;
  /// None: nobody knows how it ended. It may take effect at any time after the call, or never.
  std::optional<std::uint64_t> returned;
  /// What the register held when it took effect, if the client was told. Of a compare-and-set it
  /// tells whether it was set.
  std::optional<std::string> seen;
  /// Where it took effect among all others, as far as somebody who looked on could tell. Nothing is
  /// believed for it: it only spares the search, if it turns out to be right.
  std::optional<std::uint64_t> place;
};
using History = std::vector<Operation>;

/// What the register holds after `operation` found `before` in it.
[[nodiscard]] std::string after(const Operation& operation, const std::string& before);
/// For people: `c3 append k1 "<7>" saw "<5>" (12-19)`.
[[nodiscard]] std::string to_string(const Operation& operation);

}  // namespace lockstep::sim
