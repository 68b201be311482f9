#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/checkpoint_chain.hpp"
#include "lockstep/state_machine.hpp"

namespace lockstep::replication {

// What Lockstep keeps inside the engine, stored in one transaction with each batch.

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// `lockstep/applied`: the name of the batch's last entry. At the next start it tells whether the
/// engine and the log have the same history.
[[nodiscard]] SealedPair applied_pair(EntryId last);
/// None when there is none, or not one of ours.
[[nodiscard]] std::optional<EntryId> applied_in(const Pairs& pairs);

/// `lockstep/checkpoint`: the newest one, from which the chain goes on at the next start.
[[nodiscard]] SealedPair checkpoint_pair(const LogCheckpoint& checkpoint);
[[nodiscard]] std::optional<LogCheckpoint> checkpoint_in(const Pairs& pairs);

}  // namespace lockstep::replication
