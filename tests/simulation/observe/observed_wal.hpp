#pragma once

#include <memory>

#include "lockstep/wal_source.hpp"
#include "simulation/observe/observer.hpp"

namespace lockstep::sim {

/// `wal`, with an observer looking on.
[[nodiscard]] std::shared_ptr<IWALSource> observe(std::unique_ptr<IWALSource> wal, NodeId node,
                                                  Observer& observer);

}  // namespace lockstep::sim
