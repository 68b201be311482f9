#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "lockstep/entry.hpp"
#include "lockstep/types.hpp"

namespace lockstep::consensus::test {

/// A line of a script that cannot be run or does not hold.
struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};
void require(bool holds, const std::string& what);
void require_equal(const std::string& actual, const std::string& wanted);

[[nodiscard]] std::uint64_t number(const std::string& text);
[[nodiscard]] NodeId id(const std::string& name);
/// `index/term`.
[[nodiscard]] EntryId entry_id(const std::string& text);
[[nodiscard]] std::vector<std::string> split(const std::string& text, char separator);
[[nodiscard]] std::string join(const std::vector<std::string>& words, std::size_t from);
/// `key=value` words from `from` on.
[[nodiscard]] std::map<std::string, std::string> fields(const std::vector<std::string>& words,
                                                        std::size_t from);

}  // namespace lockstep::consensus::test
