#pragma once

#include <iosfwd>
#include <map>

#include "lockstep/entry.hpp"
#include "lockstep/wal_source.hpp"
#include "tools/lockstep_wal/output.hpp"

namespace lockstep::tools {

/// The first line of a dump: whose log it is.
[[nodiscard]] Json dump_head(const WALIdentity& identity, IndexRange range);
/// The line of one entry, with all that belongs to it.
[[nodiscard]] Json dump_entry(const Entry& entry);

struct PeerDump {
  WALIdentity identity;
  /// Each checked against its digest.
  std::map<Index, Entry> entries;
};

/// Reads what `dump --json` has written. Errors: kInvalidArgument and kBadEntryDigest, with the
/// line. `name` is for the message.
[[nodiscard]] Result<PeerDump> read_peer_dump(std::istream& lines, const std::string& name);

}  // namespace lockstep::tools
