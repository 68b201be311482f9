#pragma once

#include "lockstep/testing/network_conformance/testbed.hpp"

namespace lockstep::test {

/// `WebSocketNetworkManager` for the conformance kit, each node with a runtime of its own, as in a
/// process of its own.
[[nodiscard]] testing::NetworkUnderTest websocket_under_test();

}  // namespace lockstep::test
