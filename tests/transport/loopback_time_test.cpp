// What a node does by the clock, on the simulated runtime's: deadlines, pauses, keep-alive.
#include "lockstep/testing/simulated_machine.hpp"
#include "transport/loopback_in_virtual_time.hpp"

namespace lockstep::test {
namespace {

using namespace std::chrono_literals;

class LoopbackTime : public LoopbackInVirtualTime {
 protected:
  /// The times at which a node tells of an error.
  static Subscription note_errors(INetworkManager& node, const testing::SimulatedRuntime& simulated,
                                  std::vector<std::pair<Nanoseconds, Error>>& errors) {
    return node.subscribe([&](const NetworkEvent& event) {
      if (const auto* error = std::get_if<NodeError>(&event)) {
        errors.emplace_back(simulated.elapsed(), error->error);
      }
    });
  }
};

TEST_F(LoopbackTime, RedialsForMinutesWithGrowingPauses) {
  const Node a = add("a", [](LoopbackNodeOptions& options) {
    options.redial_min = 50ms;
    options.redial_max = 5s;
  });
  std::vector<std::pair<Nanoseconds, Error>> failures;
  const Subscription listener = note_errors(*a, simulated_, failures);
  ASSERT_TRUE(a->connect({b_, "", 0}));
  simulated_.run_for(10min);
  ASSERT_GT(failures.size(), 120U);
  EXPECT_LT(failures.size(), 260U);
  Nanoseconds longest = 50ms;
  for (std::size_t i = 1; i < failures.size(); ++i) {
    EXPECT_EQ(failures[i].second, Errc::kConnectionRefused);
    const Nanoseconds pause = failures[i].first - failures[i - 1].first;
    EXPECT_GE(pause, longest / 2);
    EXPECT_LE(pause, longest);
    longest = std::min<Nanoseconds>(longest * 2, 5s);
  }
  const Node b = add("b");
  EXPECT_TRUE(simulated_.run_until([&] { return a->is_connected(b_); }, 5s));
}

TEST_F(LoopbackTime, KeepAliveFindsACutCableAfterTheIntervalsConfigured) {
  const Node a = add("a", [](LoopbackNodeOptions& options) {
    options.ping_interval = 700ms;
    options.missed_pings = 4;
  });
  const Node b = add("b");
  connect(*a, *b);
  const Nanoseconds up = simulated_.elapsed();
  Nanoseconds down{0};
  Error reason;
  const Subscription listener = a->subscribe([&](const NetworkEvent& event) {
    const auto* lost = std::get_if<NodeDisconnected>(&event);
    if (lost == nullptr || reason) return;
    down = simulated_.elapsed();
    reason = lost->reason;
  });
  simulated_.run_for(1h);
  EXPECT_TRUE(a->is_connected(b_)) << "a living peer answers for ever";
  const Nanoseconds last_ping = simulated_.elapsed() - (simulated_.elapsed() - up) % 700ms;
  network_.cut(a_, b_);
  network_.cut(b_, a_);
  simulated_.run_for(1h);
  EXPECT_EQ(reason, Errc::kKeepAliveTimedOut);
  // The ping after the cut still finds what the last one brought; then four intervals of silence.
  EXPECT_EQ(down - last_ping, 700ms * (1 + 4));
  EXPECT_TRUE(b->is_connected(a_)) << "without keep-alive nobody notices";
}

TEST_F(LoopbackTime, HandshakeEndsInTimeOrFails) {
  const Node a = add("a", [](LoopbackNodeOptions& options) { options.handshake_timeout = 1300ms; });
  const Node b = add("b");
  network_.set_delay(b_, a_, 1300ms);
  std::vector<std::pair<Nanoseconds, Error>> failures;
  const Subscription listener = note_errors(*a, simulated_, failures);
  ASSERT_TRUE(a->connect({b_, "", 0}));
  simulated_.run_for(1300ms - 1ns);
  EXPECT_TRUE(failures.empty());
  network_.set_delay(b_, a_, 1299ms);
  ASSERT_TRUE(simulated_.run_until([&] { return a->is_connected(b_); }, 10s));
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].first, 1300ms);
  EXPECT_EQ(failures[0].second, Errc::kHandshakeTimedOut);
}

TEST_F(LoopbackTime, DialOverACutCableIsGivenUpInTime) {
  const Node a = add("a", [](LoopbackNodeOptions& options) { options.dial_timeout = 900ms; });
  const Node b = add("b");
  network_.cut(b_, a_);
  std::vector<std::pair<Nanoseconds, Error>> failures;
  const Subscription listener = note_errors(*a, simulated_, failures);
  ASSERT_TRUE(a->connect({b_, "", 0}));
  simulated_.run_for(901ms);
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].first, 900ms);
  EXPECT_EQ(failures[0].second, Errc::kTimedOut);
}

TEST_F(LoopbackTime, CloseWaitsForItsDeadlineAndNoLonger) {
  const Node a = add("a", [](LoopbackNodeOptions& options) { options.close_timeout = 1700ms; });
  const Node b = add("b");
  connect(*a, *b);
  ASSERT_TRUE(network_.set_faults(a_, b_, {.bytes_per_second = 100'000}));
  std::vector<Error> outcomes;
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(a->send_message(numbered(1, b_, SharedBuffer::copy_of(std::string(99'000, 'x'))),
                                [&](const Error& error) { outcomes.push_back(error); }));
  }
  Nanoseconds closed{0};
  const Nanoseconds begun = simulated_.elapsed();
  a->close([&](const Error&) { closed = simulated_.elapsed(); });
  simulated_.run_for(1min);
  EXPECT_EQ(closed - begun, 1700ms);
  ASSERT_EQ(outcomes.size(), 10U);
  EXPECT_FALSE(outcomes.front());
  EXPECT_EQ(outcomes.back(), Errc::kTimedOut);
}

TEST(LoopbackNodeOptions, OutOfRangeAreNamed) {
  LoopbackNodeOptions options;
  options.node = NodeId("a");
  EXPECT_TRUE(check(options).empty());
  options.ping_interval = -1ms;
  options.missed_pings = 0;
  options.dial_timeout = 0ms;
  options.handshake_timeout = 0ms;
  options.close_timeout = 0ms;
  options.max_queued_bytes = 1000;
  std::vector<std::string> fields;
  for (const OptionProblem& problem : check(options)) fields.push_back(problem.field);
  EXPECT_THAT(fields, ::testing::UnorderedElementsAre("ping_interval", "missed_pings",
                                                      "dial_timeout", "handshake_timeout",
                                                      "close_timeout", "max_queued_bytes"));
}

TEST_F(LoopbackTime, ANodeOnAFrozenMachineIsGivenUpAndComesBack) {
  const auto machine = simulated_.make_machine();
  const auto ping = [](LoopbackNodeOptions& options) { options.ping_interval = 500ms; };
  const Node a = add("a", [&](LoopbackNodeOptions& options) {
    options.runtime = machine;
    ping(options);
  });
  const Node b = add("b", ping);
  connect(*a, *b);
  machine->pause();
  simulated_.run_for(3s);
  EXPECT_FALSE(b->is_connected(a_));
  machine->resume();
  EXPECT_TRUE(simulated_.run_until([&] { return b->is_connected(a_); }, 10s));
}

TEST_F(LoopbackTime, ANodeWhoseMachineIsSwitchedOffCanBeAddedAgain) {
  const auto machine = simulated_.make_machine();
  Node a = add("a", [&](LoopbackNodeOptions& options) { options.runtime = machine; });
  const Node b = add("b");
  connect(*a, *b);
  machine->power_off();
  a.reset();
  EXPECT_TRUE(simulated_.run_until([&] { return !b->is_connected(a_); }, 1s))
      << "as when a process is killed: its connections are reset";
  a = add("a");
  connect(*a, *b);
}

}  // namespace
}  // namespace lockstep::test
