#pragma once

#include "lockstep/entry.hpp"
#include "lockstep/export.hpp"

namespace lockstep::testing {

/// An entry as the leader that appends it makes it: header and payload in one piece of memory, and
/// their digest. `header.payload_bytes` is filled in. For tests of a transport or a log without a
/// replica; a replica seals its entries itself. Thread-safe.
[[nodiscard]] LOCKSTEP_EXPORT Entry seal_entry(EntryHeader header, Payload payload);

}  // namespace lockstep::testing
