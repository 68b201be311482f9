#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <utility>
#include <vector>

#include "lockstep/split_mix.hpp"
#include "lockstep/testing/sealed_entry.hpp"
#include "lockstep/wal_source.hpp"

namespace lockstep {

// For GoogleTest's messages.
inline void PrintTo(const Error& error, std::ostream* out) {
  *out << (error ? error.message : "no error");
}
inline void PrintTo(const EntryId& id, std::ostream* out) {
  *out << "(index " << id.index.value() << ", term " << id.term.value() << ")";
}
inline void PrintTo(const IndexRange& range, std::ostream* out) {
  *out << range.first.value() << ".." << range.last.value();
}
inline void PrintTo(const TermRun& run, std::ostream* out) {
  *out << "term " << run.term.value() << " from " << run.first.value();
}

}  // namespace lockstep

namespace lockstep::testing {

/// Whose log the tests write.
inline const NodeId kNode{"node-1"};
inline const GroupId kGroup{7};

/// Sealed, with a payload that is told by index, term and size.
[[nodiscard]] inline Entry wal_entry(std::uint64_t index, std::uint64_t term,
                                     std::size_t payload_bytes = 20,
                                     EntryKind kind = EntryKind::kCommand, GroupId group = kGroup) {
  Payload payload(payload_bytes);
  SplitMix64 numbers(index * 1000003 + term);
  for (std::uint8_t& byte : payload.bytes()) byte = static_cast<std::uint8_t>(numbers.next());
  EntryHeader header;
  header.group = group;
  header.kind = kind;
  header.term = Term(term);
  header.index = Index(index);
  return seal_entry(header, std::move(payload));
}

/// Entries `first..last` of one term.
[[nodiscard]] inline std::vector<Entry> wal_entries(std::uint64_t first, std::uint64_t last,
                                                    std::uint64_t term,
                                                    std::size_t payload_bytes = 20) {
  std::vector<Entry> entries;
  for (std::uint64_t index = first; index <= last; ++index) {
    entries.push_back(wal_entry(index, term, payload_bytes));
  }
  return entries;
}

[[nodiscard]] inline WALWrite append(std::vector<Entry> entries) {
  WALWrite write;
  write.entries = std::move(entries);
  return write;
}
[[nodiscard]] inline WALWrite append(std::uint64_t first, std::uint64_t last, std::uint64_t term,
                                     std::size_t payload_bytes = 20) {
  return append(wal_entries(first, last, term, payload_bytes));
}

[[nodiscard]] inline WALWrite truncate(std::uint64_t from) {
  WALWrite write;
  write.truncate_from = Index(from);
  return write;
}

/// With something in every field.
[[nodiscard]] inline Boundary make_boundary(std::uint64_t index, std::uint64_t term) {
  Boundary boundary;
  boundary.last = {Index(index), Term(term)};
  boundary.configuration.voters = {{kNode, {}}, {NodeId("node-2"), {}}};
  boundary.checkpoint.bytes[0] = static_cast<std::uint8_t>(index);
  boundary.digests_since.resize(3);
  boundary.digests_since[1].bytes[31] = static_cast<std::uint8_t>(term);
  return boundary;
}

[[nodiscard]] inline IndexRange range(std::uint64_t first, std::uint64_t last) {
  return {Index(first), Index(last)};
}

/// Byte for byte.
[[nodiscard]] inline bool same(const Entry& a, const Entry& b) {
  return a.header == b.header && a.digest == b.digest && a.encoded.view() == b.encoded.view();
}

}  // namespace lockstep::testing
