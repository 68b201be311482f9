#include "wal/repair_check.hpp"

#include <string>
#include <utility>

namespace lockstep {
namespace {

Error invalid(std::string text) { return {Errc::kInvalidArgument, std::move(text)}; }

/// The nearest terms known on both sides; 0: none.
struct TermLimits {
  Term low;
  Term high;
};

TermLimits terms_around(const LogState& state, IndexRange range) {
  TermLimits limits;
  if (const auto& boundary = state.get().boundary) limits.low = boundary->last.term;
  for (const TermRun& run : state.get().term_runs) {
    if (run.term == Term{}) continue;
    if (run.first < range.first) limits.low = run.term;
    if (run.first > range.last && limits.high == Term{}) limits.high = run.term;
  }
  if (const Term behind = state.term(range.last.next()); behind != Term{}) limits.high = behind;
  return limits;
}

Result<> check_terms(const LogState& state, IndexRange range, const std::vector<Entry>& entries) {
  const TermLimits limits = terms_around(state, range);
  Term previous = limits.low;
  for (const Entry& entry : entries) {
    const EntryId id = entry.id();
    if (id.term == Term{} || id.term < previous) {
      return invalid("entry " + to_string(id.index) + " has term " + to_string(id.term) +
                     " after term " + to_string(previous));
    }
    const Term known = state.term(id.index);
    if (known != Term{} && known != id.term) {
      return invalid("entry " + to_string(id.index) + " has term " + to_string(id.term) +
                     "; the log knows that it had term " + to_string(known));
    }
    previous = id.term;
  }
  if (limits.high != Term{} && previous > limits.high) {
    return invalid("entry " + to_string(range.last) + " has term " + to_string(previous) +
                   " before term " + to_string(limits.high));
  }
  return {};
}

}  // namespace

Result<> check_repair(const LogState& state, IndexRange range, const std::vector<Entry>& entries,
                      Sha256& sha) {
  if (range.empty() || entries.size() != range.size()) {
    return invalid("a repair of " + std::to_string(range.size()) + " entries with " +
                   std::to_string(entries.size()));
  }
  if (!state.is_all_damaged(range)) {
    return invalid("entries " + to_string(range.first) + " to " + to_string(range.last) +
                   " are not all damaged: only damage is repaired");
  }
  const GroupId group = state.get().identity.group;
  Index expected = range.first;
  for (const Entry& entry : entries) {
    if (entry.header.index != expected || entry.header.group != group) {
      return invalid("entry " + to_string(entry.header.index) + " of group " +
                     to_string(entry.header.group) + " in the place of entry " +
                     to_string(expected) + " of group " + to_string(group));
    }
    expected = expected.next();
  }
  if (Result<> terms = check_terms(state, range, entries); !terms) return terms;
  if (const std::size_t good = count_verified(sha, entries); good < entries.size()) {
    return Error(Errc::kBadEntryDigest,
                 "entry " + to_string(entries[good].header.index) + " does not match its digest");
  }
  return {};
}

}  // namespace lockstep
