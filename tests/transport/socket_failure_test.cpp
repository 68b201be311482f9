// Each socket operation of a connection's life fails once: each failure is reported once, what was
// accepted is reported, the link recovers, and nothing hangs.
#include "lockstep/testing/wire_faults.hpp"
#include "lockstep/websocket_network_manager.hpp"
#include "transport/probe.hpp"

namespace lockstep::test {
namespace {

using std::chrono::milliseconds;

/// Two nodes; the faults are the first one's.
class Pair {
 public:
  Pair(const std::shared_ptr<AsioRuntime>& runtime, std::shared_ptr<testing::WireFaults> faults)
      : a_(make("a", runtime, std::move(faults))), b_(make("b", runtime, nullptr)) {}

  WebSocketNetworkManager& a() { return *a_; }
  WebSocketNetworkManager& b() { return *b_; }

 private:
  static std::shared_ptr<WebSocketNetworkManager> make(
      const std::string& name, const std::shared_ptr<AsioRuntime>& runtime,
      std::shared_ptr<testing::WireFaults> faults) {
    WebSocketNetworkOptions options;
    options.node = NodeId(name);
    options.redial_min = milliseconds(1);
    options.redial_max = milliseconds(2);
    options.ping_interval = milliseconds(50);
    options.close_timeout = milliseconds(500);
    options.log = [](LogLevel, std::string_view) {};
    options.faults = std::move(faults);
    return WebSocketNetworkManager::create(options, runtime).value();
  }

  std::shared_ptr<WebSocketNetworkManager> a_;
  std::shared_ptr<WebSocketNetworkManager> b_;
};

/// Sends until the message is reported written, as a retrying sender would.
void send_until_written(INetworkManager& from, const Probe& probe, const ReplicationMessage& what) {
  for (;;) {
    ASSERT_TRUE(
        probe.wait([&](const Probe::Seen&) { return from.is_connected(*what.target_node); }));
    Completion<> sent;
    const auto accepted = from.send_message(what, sent.handler());
    if (!accepted) {
      ASSERT_EQ(accepted.error(), Errc::kNotConnected);
      continue;
    }
    const Error outcome = sent.get();
    EXPECT_EQ(sent.calls(), 1U);
    if (!outcome) return;
  }
}

/// What a node was told went wrong, its own closing aside.
std::vector<std::string> reports_of_failure(const Probe& probe) {
  std::vector<std::string> result;
  const Probe::Seen seen = probe.seen();
  for (const auto& event : seen.all<NodeDisconnected>()) {
    if (event.reason != Errc::kStopped) result.push_back("lost: " + event.reason.message);
  }
  for (const auto& event : seen.all<NodeError>()) result.push_back(event.error.message);
  for (const auto& event : seen.all<NetworkError>()) result.push_back(event.error.message);
  return result;
}

/// A connection's life, from the dial of one end or the other to the close.
void live(Pair& pair, bool a_dials, const Probe& at_a, const Probe& at_b) {
  INetworkManager& dialler = a_dials ? static_cast<INetworkManager&>(pair.a()) : pair.b();
  const std::uint16_t port = a_dials ? pair.b().local_port() : pair.a().local_port();
  // A name, so that resolving is among what may fail.
  ASSERT_TRUE(dialler.connect({NodeId(a_dials ? "b" : "a"), "localhost", port}));
  EntryBatch large;
  large.entries.push_back(make_entry(1, 200'000));
  send_until_written(pair.a(), at_a, message_to("b", MessageType::kAppendEntries, large));
  send_until_written(pair.b(), at_b, message_to("a", MessageType::kAck));
  send_until_written(pair.a(), at_a, message_to("b", MessageType::kHeartbeat));
}

void close(INetworkManager& manager) {
  Completion<> closed;
  manager.close(closed.handler());
  EXPECT_FALSE(closed.get());
}

class SocketFailure : public ::testing::TestWithParam<bool> {
 protected:
  std::shared_ptr<AsioRuntime> runtime_ = AsioRuntime::create();
};

TEST_P(SocketFailure, OfEveryOperationIsReportedOnceAndRecoveredFrom) {
  const std::vector<std::errc> errors{std::errc::connection_reset, std::errc::timed_out,
                                      std::errc::too_many_files_open};
  bool reached = true;
  std::uint64_t n = 1;
  for (; reached && !HasFailure(); ++n) {
    SCOPED_TRACE("operation " + std::to_string(n));
    const auto faults = std::make_shared<testing::WireFaults>();
    faults->fail_operation(n, std::make_error_code(errors[n % errors.size()]));
    Pair pair(runtime_, faults);
    const Probe at_a(pair.a());
    const Probe at_b(pair.b());
    live(pair, GetParam(), at_a, at_b);
    const bool failed_before_closing = faults->operations() >= n;
    close(pair.a());
    close(pair.b());
    reached = faults->operations() >= n;
    const auto reports = reports_of_failure(at_a);
    EXPECT_LE(reports.size(), 1U) << ::testing::PrintToString(reports);
    if (failed_before_closing) {
      EXPECT_FALSE(reports.empty() && reports_of_failure(at_b).empty()) << "nobody was told";
    } else if (!reached) {
      EXPECT_TRUE(reports.empty()) << reports.front() << ": no failure, and a report";
    }
    EXPECT_EQ(pair.a().metrics().total.queued_bytes, 0U);
  }
  EXPECT_GT(n, 12U) << "too few operations for a life";
}

INSTANTIATE_TEST_SUITE_P(Ends, SocketFailure, ::testing::Bool(), [](const auto& parameter) {
  return parameter.param ? "OfTheDialler" : "OfTheAcceptor";
});

}  // namespace
}  // namespace lockstep::test
