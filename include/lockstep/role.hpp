#pragma once

#include <string>

#include "lockstep/export.hpp"

namespace lockstep {

/// What a replica is in its group at present (Raft §5.1; learners: thesis §4.2.1).
enum class Role { kFollower, kCandidate, kLeader, kLearner };

[[nodiscard]] LOCKSTEP_EXPORT std::string to_string(Role role);

}  // namespace lockstep
