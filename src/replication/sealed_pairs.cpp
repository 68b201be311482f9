#include "replication/sealed_pairs.hpp"

#include <algorithm>
#include <charconv>

#include "base/hex.hpp"

namespace lockstep::replication {
namespace {

constexpr const char* kApplied = "lockstep/applied";
constexpr const char* kCheckpoint = "lockstep/checkpoint";

const std::string* find(const Pairs& pairs, std::string_view key) {
  const auto found = std::ranges::find(pairs, key, &Pairs::value_type::first);
  return found == pairs.end() ? nullptr : &found->second;
}

/// Reads a number, and the colon behind it if there is to be one. None: it is not there.
std::optional<std::uint64_t> take_number(std::string_view& text, bool with_colon) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!with_colon) return number;
  if (!text.starts_with(':')) return std::nullopt;
  text.remove_prefix(1);
  return number;
}

}  // namespace

SealedPair applied_pair(EntryId last) {
  return {kApplied, to_string(last.index) + ":" + to_string(last.term)};
}

std::optional<EntryId> applied_in(const Pairs& pairs) {
  const std::string* const value = find(pairs, kApplied);
  if (value == nullptr) return std::nullopt;
  std::string_view rest = *value;
  const auto index = take_number(rest, true);
  if (!index) return std::nullopt;
  const auto term = take_number(rest, false);
  if (!term || !rest.empty()) return std::nullopt;
  return EntryId{Index(*index), Term(*term)};
}

SealedPair checkpoint_pair(const LogCheckpoint& checkpoint) {
  return {kCheckpoint, to_string(checkpoint.index) + ":" + to_string(checkpoint.digest)};
}

std::optional<LogCheckpoint> checkpoint_in(const Pairs& pairs) {
  const std::string* const value = find(pairs, kCheckpoint);
  if (value == nullptr) return std::nullopt;
  std::string_view rest = *value;
  const auto index = take_number(rest, true);
  if (!index || rest.size() != 2 * Digest::kBytes) return std::nullopt;
  LogCheckpoint checkpoint{Index(*index), {}};
  for (std::size_t i = 0; i < Digest::kBytes; ++i) {
    const char* const digits = rest.data() + 2 * i;
    const auto [end, error] = std::from_chars(digits, digits + 2, checkpoint.digest.bytes[i], 16);
    if (error != std::errc{} || end != digits + 2) return std::nullopt;
  }
  return checkpoint;
}

}  // namespace lockstep::replication
