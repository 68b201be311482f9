#pragma once

// Between two nodes there is one connection, whoever dialled it, and both hold the same.

#include <array>
#include <chrono>
#include <cstdint>
#include <future>
#include <optional>

#include "lockstep/testing/network_conformance/fixture.hpp"
#include "lockstep/testing/process_resources.hpp"

namespace lockstep::testing {

class NetworkOneConnection : public NetworkConformance {
 protected:
  /// Sends a numbered message to each node that connects, in the very callback that tells it.
  static Subscription greet(INetworkManager& manager, std::uint64_t number) {
    return manager.subscribe([&manager, number](const NetworkEvent& event) {
      const auto* up = std::get_if<NodeConnected>(&event);
      if (up == nullptr) return;
      const auto sent = manager.send_message(numbered(up->node.str(), number));
      EXPECT_TRUE(sent) << "connected, but: " << sent.error().message;
    });
  }
  /// Not a wait for anything: it moves one dial against the other.
  void delay_at_random() {
    random_ = random_ * 6364136223846793005U + 1442695040888963407U;
    const std::chrono::microseconds length((random_ >> 33) & 1023);
    const auto until = std::chrono::steady_clock::now() + length;
    while (std::chrono::steady_clock::now() < until) {
    }
  }

 private:
  std::uint64_t random_ = 1;
};
LOCKSTEP_CONFORMANCE_GROUP(NetworkOneConnection);

TEST_P(NetworkOneConnection, SimultaneousDialsSettleOnOne) {
  const int rounds = memory_is_instrumented() ? 100 : 300;
  for (int round = 0; round < rounds; ++round) {
    const auto a = add("a");
    const auto b = add("b");
    NetworkProbe probe_a(*a);
    NetworkProbe probe_b(*b);
    const auto greeting_a = greet(*a, 1);
    const auto greeting_b = greet(*b, 2);
    const PeerAddress to_a = testbed_->address("a");
    const PeerAddress to_b = testbed_->address("b");
    Completion<> from_a;
    Completion<> from_b;
    auto other = std::async(std::launch::async,
                            [&] { return b->connect(to_a, from_b.handler()).has_value(); });
    delay_at_random();
    EXPECT_TRUE(a->connect(to_b, from_a.handler()));
    EXPECT_TRUE(other.get());
    ASSERT_FALSE(from_a.get()) << from_a.get().message;
    ASSERT_FALSE(from_b.get()) << from_b.get().message;
    ASSERT_TRUE(probe_a.wait_messages(1));
    ASSERT_TRUE(probe_b.wait_messages(1));
    close(*a);
    ASSERT_TRUE(probe_b.wait_events<NodeDisconnected>(1));
    // Nothing was delivered twice, or before the handshake had ended at both ends, and no second
    // connection came and went.
    ASSERT_EQ(probe_a.order(), (std::vector<std::string>{"+b", "b:2", "-b"})) << "round " << round;
    const auto order_b = probe_b.order();
    ASSERT_EQ((std::vector<std::string>(order_b.begin(), order_b.begin() + 3)),
              (std::vector<std::string>{"+a", "a:1", "-a"}))
        << "round " << round;
    ASSERT_EQ(probe_a.seen().all<NodeConnected>().at(0).connection,
              probe_b.seen().all<NodeConnected>().at(0).connection)
        << "round " << round;
    ASSERT_EQ(a->metrics().total.connections, 1U);
  }
}

TEST_P(NetworkOneConnection, SimultaneousRedialsSettleOnOne) {
  LOCKSTEP_CONFORMANCE_NEEDS(kDropConnection);
  const auto a = add("a");
  const auto b = add("b");
  Watched<std::array<std::optional<ConnectionName>, 2>> held;
  const auto follow = [&held](std::size_t place) {
    return [&held, place](const NetworkEvent& event) {
      if (const auto* up = std::get_if<NodeConnected>(&event)) {
        held.change([&](auto& now) { now.at(place) = up->connection; });
      } else if (std::holds_alternative<NodeDisconnected>(event)) {
        held.change([&](auto& now) { now.at(place).reset(); });
      }
    };
  };
  const auto listener_a = a->subscribe(follow(0));
  const auto listener_b = b->subscribe(follow(1));
  connect(*a, "b");
  connect(*b, "a");
  std::optional<ConnectionName> last;
  for (int round = 0; round < 50; ++round) {
    ASSERT_TRUE(held.wait([&](const auto& now) {
      return now[0] && now[1] && now[0] == now[1] && now[0] != last;
    })) << "round "
        << round;
    last = held.get()[0];
    testbed_->drop_connection("a", "b");
  }
}

TEST_P(NetworkOneConnection, HigherBootNumberSupersedesAHalfDeadConnectionAtOnce) {
  const auto a = add("a");
  const auto old = add(TestNode{.name = "b", .boot = BootNumber(7)});
  NetworkProbe probe(*a);
  connect(*old, "a");
  ASSERT_TRUE(probe.wait_events<NodeConnected>(1));
  // The process hangs; nobody tells `a`, and no keep-alive finds it this soon.
  Freeze hanging(*old);
  old->close();
  const auto b = add(TestNode{.name = "b", .boot = BootNumber(8)});
  connect(*b, "a");
  ASSERT_TRUE(probe.wait_events<NodeConnected>(2));
  EXPECT_EQ(probe.order(), (std::vector<std::string>{"+b", "-b", "+b"}));
  EXPECT_EQ(probe.seen().all<NodeDisconnected>().at(0).reason, Errc::kSuperseded);
  EXPECT_EQ(probe.seen().all<NodeConnected>().at(1).connection.boot, BootNumber(8));
  hanging.thaw();
  EXPECT_FALSE(send(*a, numbered("b", 1)));
  EXPECT_TRUE(a->is_connected(NodeId("b")));
}

TEST_P(NetworkOneConnection, LowerBootNumberIsRefused) {
  const auto a = add("a");
  const auto current = add(TestNode{.name = "b", .boot = BootNumber(7)});
  NetworkProbe probe(*a);
  connect(*current, "a");
  ASSERT_TRUE(probe.wait_events<NodeConnected>(1));
  Freeze hanging(*current);
  current->close();
  const auto stale = add(TestNode{.name = "b", .boot = BootNumber(6)});
  NetworkProbe probe_stale(*stale);
  EXPECT_EQ(try_to_connect(*stale, "a"), Errc::kSuperseded);
  EXPECT_TRUE(probe.wait_error("b", Errc::kSuperseded));
  EXPECT_TRUE(probe_stale.wait_error("a", Errc::kSuperseded));
  EXPECT_GE(a->metrics().total.handshake_failures_by_reason.at(Errc::kSuperseded), 1U);
  EXPECT_GE(stale->metrics().total.handshake_failures_by_reason.at(Errc::kSuperseded), 1U);
  EXPECT_TRUE(probe.seen().all<NodeDisconnected>().empty());
}

}  // namespace lockstep::testing
