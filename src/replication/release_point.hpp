#pragma once

#include <cstdint>
#include <optional>

#include "consensus/core.hpp"

namespace lockstep::replication {

/// How far the log may be released for the sake of the engine and the members. `durable_applied`:
/// the engine's. `retention_bytes`: of the log's end so much is kept as long as a member lacks it,
/// or may lack it, since only a leader knows what they have. `image_in_use`: the place of the one
/// that is being sent; entries behind it have to follow.
[[nodiscard]] Index release_point(const consensus::Core& core, Index durable_applied,
                                  std::uint64_t retention_bytes, std::optional<Index> image_in_use);

/// This node leads, and every member has what lies up to `index`.
[[nodiscard]] bool all_members_have(const consensus::Core& core, Index index);

}  // namespace lockstep::replication
