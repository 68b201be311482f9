#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lockstep/loopback_network.hpp"
#include "lockstep/testing/simulated_runtime.hpp"
#include "transport/probe.hpp"

namespace lockstep::test {

/// Nodes on a loopback network whose time and chance are the test's. Nothing waits: what a Probe or
/// a Completion would wait for is there after `simulated_` has run.
class LoopbackInVirtualTime : public ::testing::Test {
 protected:
  using Nanoseconds = std::chrono::nanoseconds;
  using Node = std::shared_ptr<INetworkManager>;

  Node add(
      const std::string& name,
      const std::function<void(LoopbackNodeOptions&)>& change = [](LoopbackNodeOptions&) {}) {
    LoopbackNodeOptions options;
    options.node = NodeId(name);
    options.log = [](LogLevel, std::string_view) {};
    change(options);
    auto added = network_.add_node(options);
    EXPECT_TRUE(added) << added.error().message;
    return added ? *added : nullptr;
  }

  void connect(INetworkManager& from, INetworkManager& to) {
    ASSERT_TRUE(from.connect({to.local_node(), "", 0}));
    ASSERT_TRUE(simulated_.run_until(
        [&] { return from.is_connected(to.local_node()) && to.is_connected(from.local_node()); },
        std::chrono::minutes(1)));
    simulated_.run_until_idle();
  }

  void set(const NodeId& from, const NodeId& to, const LinkFaults& faults) {
    ASSERT_TRUE(network_.set_faults(from, to, faults));
  }

  /// The message, with a number that the receiving probe shows.
  static ReplicationMessage numbered(std::uint8_t number, const NodeId& target,
                                     MessageData data = {},
                                     MessageType type = MessageType::kHeartbeat) {
    ReplicationMessage message = message_to(target.str(), type, std::move(data));
    message.message_id = message_id(number);
    return message;
  }
  static MessageData entry_of(std::size_t payload_bytes) {
    return EntryBatch{{}, {make_entry(1, payload_bytes)}};
  }

  const NodeId a_{"a"};
  const NodeId b_{"b"};
  const NodeId c_{"c"};
  testing::SimulatedRuntime simulated_{1};
  LoopbackNetwork network_{simulated_.runtime()};
};

/// When which message came to a node.
class Arrivals {
 public:
  struct Arrival {
    std::chrono::nanoseconds at;
    std::uint8_t number;
  };

  Arrivals(INetworkManager& node, const testing::SimulatedRuntime& simulated)
      : handler_(
            node.set_handler(GroupId(1), {MessageType::kWalEntry, static_cast<MessageType>(65535)},
                             [this, &simulated](const ReplicationMessage& message) {
                               all.push_back({simulated.elapsed(), message.message_id.bytes()[0]});
                             })
                .value()) {}

  [[nodiscard]] std::vector<int> numbers() const {
    std::vector<int> result;
    for (const Arrival& arrival : all) result.push_back(arrival.number);
    return result;
  }

  std::vector<Arrival> all;

 private:
  Subscription handler_;
};

}  // namespace lockstep::test
