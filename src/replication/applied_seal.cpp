#include "replication/applied_seal.hpp"

#include <charconv>

namespace lockstep::replication {
namespace {

constexpr const char* kKey = "lockstep/applied";

}  // namespace

SealedPair seal_of(EntryId last) {
  return {kKey, to_string(last.index) + ":" + to_string(last.term)};
}

std::optional<EntryId> sealed_in(const RecoveredEngine& engine) {
  for (const auto& [key, value] : engine.pairs) {
    if (key != kKey) continue;
    const char* const end = value.data() + value.size();
    std::uint64_t index = 0;
    std::uint64_t term = 0;
    const auto colon = std::from_chars(value.data(), end, index);
    if (colon.ec != std::errc{} || colon.ptr == end || *colon.ptr != ':') return std::nullopt;
    const auto rest = std::from_chars(colon.ptr + 1, end, term);
    if (rest.ec != std::errc{} || rest.ptr != end) return std::nullopt;
    return EntryId{Index(index), Term(term)};
  }
  return std::nullopt;
}

}  // namespace lockstep::replication
