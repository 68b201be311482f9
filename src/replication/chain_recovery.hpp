#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "base/checkpoint_chain.hpp"
#include "lockstep/wal_source.hpp"
#include "replication/sealed_pairs.hpp"
#include "replication/wal_driver.hpp"

namespace lockstep::replication {

/// Where the chain is known to have been, at or before `applied` and as late as possible: by the
/// engine's pairs, by the log's boundary, or before the first entry. None: nowhere that the log
/// goes on from.
[[nodiscard]] std::optional<CheckpointChain> chain_known_at_start(
    const Pairs& pairs, const std::optional<Boundary>& boundary, Index applied);

using ChainHandler = std::function<void(std::optional<CheckpointChain>)>;
/// Takes `chain` on to `up_to`, with digests read back from the log, piece by piece. On the strand.
/// None: the log cannot be read there.
void recover_chain(std::shared_ptr<WALDriver> wal, CheckpointChain chain, Index up_to,
                   ChainHandler done);

}  // namespace lockstep::replication
