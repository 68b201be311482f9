#pragma once

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "lockstep/network_manager.hpp"
#include "lockstep/testing/network_conformance/test_messages.hpp"
#include "lockstep/testing/waiting.hpp"

namespace lockstep::testing {

/// A node that hangs, in a callback that does not return, until this is gone: it reads nothing and
/// answers nothing. What is queued for it waits.
class Freeze {
 public:
  explicit Freeze(INetworkManager& manager) {
    // To nobody in particular: its completion is a callback that comes in any case.
    Broadcast broadcast;
    broadcast.message = message_to("", MessageType::kHeartbeat);
    broadcast.targets.push_back({NodeId("nobody"), {}});
    const auto accepted = manager.broadcast_message(
        std::move(broadcast), [pass = gate_.passage()](const std::vector<SendReport>&) { pass(); });
    EXPECT_TRUE(accepted) << accepted.error().message;
    EXPECT_TRUE(!accepted || gate_.wait_reached());
  }
  void thaw() { gate_.open(); }

 private:
  Gate gate_;
};

}  // namespace lockstep::testing
