#pragma once

#include <vector>

#include "base/digest.hpp"
#include "wal/log_state.hpp"

namespace lockstep {

/// Whether `entries` may take the place of the damaged entries `range`. Errors: kInvalidArgument
/// when they are not those, or do not fit what the log still knows; kBadEntryDigest.
[[nodiscard]] Result<> check_repair(const LogState& state, IndexRange range,
                                    const std::vector<Entry>& entries, Sha256& sha);

}  // namespace lockstep
