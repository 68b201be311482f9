#pragma once

#include <memory>

#include "lockstep/network_manager.hpp"
#include "simulation/observe/observer.hpp"

namespace lockstep::sim {

/// `network`, with an observer looking on at what it is given to send.
[[nodiscard]] std::shared_ptr<INetworkManager> observe(std::shared_ptr<INetworkManager> network,
                                                       Observer& observer);

}  // namespace lockstep::sim
