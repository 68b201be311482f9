#pragma once

#include <string>
#include <vector>

#include "base/digest.hpp"
#include "consensus/configuration_codec.hpp"
#include "consensus/core.hpp"

namespace lockstep::consensus::test {

/// An id whose bytes all have this value.
template <class Id>
[[nodiscard]] Id filled_id(std::uint8_t value) {
  typename Id::Bytes bytes;
  bytes.fill(value);
  return Id(bytes);
}

inline constexpr GroupId kGroup{7};

/// The options of every node in these tests: heartbeats each 50 ms, retries after 200 ms, votes
/// within 1 s, bootstrap within 2 s. Leadership is assigned; where it is elected, after 150 to
/// 300 ms.
[[nodiscard]] CoreOptions test_options();
/// The data of node `name`; a later generation is an emptied disk.
[[nodiscard]] Incarnation incarnation_of(const NodeId& name, int generation = 0);
/// What `bootstrap` would have written.
[[nodiscard]] BootstrapRecord founding_record(const std::vector<NodeId>& members);
[[nodiscard]] Entry make_entry(Sha256& sha, EntryId id, EntryKind kind, ByteSpan payload);
/// `config` (of these members), `config:1+2~3` (see configuration_text.hpp), `noop`, or a command
/// with this text.
[[nodiscard]] Entry make_entry(Sha256& sha, EntryId id, const std::string& content,
                               const std::vector<NodeId>& members);

}  // namespace lockstep::consensus::test
