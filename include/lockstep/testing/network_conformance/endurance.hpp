#pragma once

// Cycle after cycle, nothing grows: memory, descriptors, threads.

#include <cstdlib>

#include "lockstep/testing/network_conformance/fixture.hpp"
#include "lockstep/testing/process_resources.hpp"

namespace lockstep::testing {

class NetworkEndurance : public NetworkConformance {
 protected:
  /// The environment's LOCKSTEP_CYCLES; a few when it is not set.
  static std::size_t cycles() {
    const char* wanted = std::getenv("LOCKSTEP_CYCLES");
    const std::size_t count = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 0;
    return count != 0 ? count : memory_is_instrumented() ? 100 : 300;
  }

  /// Runs the cycle, and says what it has left behind once the first ones have filled what is kept
  /// for use again.
  template <class Cycle>
  static void expect_no_growth(Cycle&& cycle) {
    const std::size_t count = cycles();
    for (std::size_t i = 0; i < 200; ++i) {
      ASSERT_NO_FATAL_FAILURE(cycle(i)) << "cycle " << i;
    }
    const auto before = read_process_resources();
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_NO_FATAL_FAILURE(cycle(i)) << "cycle " << i;
    }
    const auto after = read_process_resources();
    if (!before || !after) GTEST_SKIP() << "this system does not say what a process holds";
    RecordProperty("cycles", std::to_string(count));
    RecordProperty("resident_bytes_before", std::to_string(before->resident_bytes));
    RecordProperty("resident_bytes_after", std::to_string(after->resident_bytes));
    // The last cycle may be on its way out.
    EXPECT_LE(after->descriptors, before->descriptors + 4);
    EXPECT_LE(after->threads, before->threads + 2);
    if (memory_is_instrumented()) return;
    const std::size_t noise = std::size_t{1} << 20;
    EXPECT_LE(after->resident_bytes, before->resident_bytes + noise + count * 16);
  }
};
LOCKSTEP_CONFORMANCE_GROUP(NetworkEndurance);

TEST_P(NetworkEndurance, CreateConnectCloseCyclesLeaveNothingBehind) {
  const auto a = add("a");
  const auto bystander = add("bystander");
  connect(*bystander, "a");
  Watched<std::size_t> ended;
  const auto listener = a->subscribe([&](const NetworkEvent& event) {
    const auto* down = std::get_if<NodeDisconnected>(&event);
    if (down != nullptr && down->node == NodeId("b")) ended.change([](std::size_t& n) { ++n; });
  });
  std::size_t begun = 0;
  expect_no_growth([&](std::size_t i) {
    const auto b = add("b");
    ASSERT_NE(b, nullptr);
    connect(*b, "a");
    ASSERT_TRUE(b->send_message(message_to("a", MessageType::kHeartbeat)));
    // Every other one is destroyed without having been closed.
    if (i % 2 == 0) close(*b);
    ++begun;
  });
  EXPECT_TRUE(ended.wait([&](std::size_t n) { return n == begun; }));
  EXPECT_TRUE(a->is_connected(NodeId("bystander"))) << "others are not disturbed";
}

TEST_P(NetworkEndurance, ConnectDisconnectCyclesLeaveNothingBehind) {
  const auto a = add("a");
  const auto b = add("b");
  Watched<std::size_t> ended;
  const auto listener = a->subscribe([&](const NetworkEvent& event) {
    if (std::holds_alternative<NodeDisconnected>(event)) ended.change([](std::size_t& n) { ++n; });
  });
  std::size_t begun = 0;
  expect_no_growth([&](std::size_t) {
    connect(*b, "a");
    ASSERT_TRUE(b->send_message(message_to("a", MessageType::kHeartbeat)));
    disconnect(*b, "a");
    ASSERT_TRUE(ended.wait([&, wanted = ++begun](std::size_t n) { return n == wanted; }));
  });
}

}  // namespace lockstep::testing
