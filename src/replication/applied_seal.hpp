#pragma once

#include <optional>

#include "lockstep/state_machine.hpp"

namespace lockstep::replication {

/// The pair that an engine stores with every batch: the name of the last entry in it. At the next
/// start it tells whether the engine and the log have the same history.
[[nodiscard]] SealedPair seal_of(EntryId last);

/// From the engine's pairs; none when it stored none, or not one of ours.
[[nodiscard]] std::optional<EntryId> sealed_in(const RecoveredEngine& engine);

}  // namespace lockstep::replication
