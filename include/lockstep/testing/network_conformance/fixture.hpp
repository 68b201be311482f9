#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "lockstep/network_manager.hpp"
#include "lockstep/testing/conformance_groups.hpp"
#include "lockstep/testing/network_conformance/freeze.hpp"
#include "lockstep/testing/network_conformance/log_lines.hpp"
#include "lockstep/testing/network_conformance/network_probe.hpp"
#include "lockstep/testing/network_conformance/test_messages.hpp"
#include "lockstep/testing/network_conformance/testbed.hpp"
#include "lockstep/testing/waiting.hpp"

namespace lockstep::testing {

/// The fixture of all groups of the kit.
class NetworkConformance : public ::testing::TestWithParam<NetworkUnderTest> {
 protected:
  using Feature = NetworkTestbed::Feature;

  std::shared_ptr<INetworkManager> add(const std::string& name) {
    return add(TestNode{.name = name});
  }
  std::shared_ptr<INetworkManager> add(const TestNode& node) {
    auto added = testbed_->add_node(node);
    EXPECT_NE(added, nullptr) << "the testbed did not add node " << node.name;
    return added;
  }

  /// Makes two nodes connect, the first one dialling. The other may hear of it a little later.
  void connect(INetworkManager& dialler, const std::string& peer) {
    const Error outcome = try_to_connect(dialler, peer);
    ASSERT_FALSE(outcome) << outcome.message;
  }
  Error try_to_connect(INetworkManager& dialler, const std::string& peer) {
    Completion<> connected;
    const auto accepted = dialler.connect(testbed_->address(peer), connected.handler());
    return accepted ? connected.get() : accepted.error();
  }
  /// Until this end knows nothing of it any more.
  static void disconnect(INetworkManager& manager, const std::string& peer) {
    Completion<> disconnected;
    ASSERT_TRUE(manager.disconnect(NodeId(peer), disconnected.handler()));
    ASSERT_FALSE(disconnected.get());
  }
  static Error send(INetworkManager& from, ReplicationMessage message) {
    Completion<> sent;
    const auto accepted = from.send_message(std::move(message), sent.handler());
    return accepted ? sent.get() : accepted.error();
  }
  static void close(INetworkManager& manager) {
    Completion<> closed;
    manager.close(closed.handler());
    ASSERT_FALSE(closed.get());
  }
  /// Runs `what` in a callback of the manager's: what it sends is all queued before any of it
  /// leaves.
  static void inside_a_callback(INetworkManager& manager, std::function<void()> what) {
    Completion<> done;
    Broadcast broadcast;
    broadcast.message = message_to("", MessageType::kHeartbeat);
    broadcast.targets.push_back({NodeId("nobody"), {}});
    const auto accepted = manager.broadcast_message(
        std::move(broadcast),
        [what = std::move(what), done = done.handler()](const std::vector<SendReport>&) {
          what();
          done(Error{});
        });
    ASSERT_TRUE(accepted) << accepted.error().message;
    ASSERT_FALSE(done.get());
  }

  std::unique_ptr<NetworkTestbed> testbed_ = GetParam().make_testbed();
};

}  // namespace lockstep::testing
