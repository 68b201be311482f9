// What only the real transport has: addresses, options, keep-alive figures, executors.
#include <fcntl.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <thread>

#include "lockstep/loopback_network.hpp"
#include "lockstep/websocket_network_manager.hpp"
#include "transport/raw_peer.hpp"

namespace lockstep::test {
namespace {

using std::chrono::milliseconds;

WebSocketNetworkOptions options_of(const std::string& name) {
  WebSocketNetworkOptions options;
  options.node = NodeId(name);
  options.redial_min = milliseconds(5);
  options.redial_max = milliseconds(100);
  options.log = [](LogLevel, std::string_view) {};
  return options;
}

class WebSocketNetwork : public ::testing::Test {
 protected:
  std::shared_ptr<WebSocketNetworkManager> make(const WebSocketNetworkOptions& options) {
    auto made = WebSocketNetworkManager::create(options, runtime_);
    EXPECT_TRUE(made) << made.error().message;
    return made ? *made : nullptr;
  }
  static Error connect(INetworkManager& from, const std::string& node, const std::string& host,
                       std::uint16_t port) {
    Completion<> connected;
    const auto accepted = from.connect({NodeId(node), host, port}, connected.handler());
    return accepted ? connected.get() : accepted.error();
  }

  std::shared_ptr<AsioRuntime> runtime_ = AsioRuntime::create();
};

TEST_F(WebSocketNetwork, ListensOnAPortOfTheSystemsChoiceAndSaysWhich) {
  const auto a = make(options_of("a"));
  const auto b = make(options_of("b"));
  EXPECT_NE(a->local_port(), 0);
  EXPECT_NE(a->local_port(), b->local_port());
  WebSocketNetworkOptions deaf = options_of("c");
  deaf.listen_host.clear();
  const auto c = make(deaf);
  EXPECT_EQ(c->local_port(), 0);
  EXPECT_FALSE(connect(*c, "a", "127.0.0.1", a->local_port()));
}

TEST_F(WebSocketNetwork, HostNamesAreResolved) {
  WebSocketNetworkOptions options = options_of("a");
  options.listen_host = "localhost";
  const auto a = make(options);
  const auto b = make(options_of("b"));
  EXPECT_FALSE(connect(*b, "a", "localhost", a->local_port()));
  EXPECT_EQ(connect(*b, "c", "no-such-host.invalid", 1), Errc::kAddressInvalid);
}

TEST_F(WebSocketNetwork, Ipv6WhereTheMachineHasIt) {
  WebSocketNetworkOptions options = options_of("a");
  options.listen_host = "::1";
  const auto a = WebSocketNetworkManager::create(options, runtime_);
  if (!a) GTEST_SKIP() << a.error().message;
  const auto b = make(options_of("b"));
  EXPECT_FALSE(connect(*b, "a", "::1", (*a)->local_port()));
}

TEST_F(WebSocketNetwork, TakenPortIsAnError) {
  const auto a = make(options_of("a"));
  WebSocketNetworkOptions options = options_of("b");
  options.listen_port = a->local_port();
  const auto b = WebSocketNetworkManager::create(options, runtime_);
  ASSERT_FALSE(b);
  EXPECT_EQ(b.error(), Errc::kListenFailed);
  EXPECT_NE(b.error().message.find(std::to_string(a->local_port())), std::string::npos);
}

TEST_F(WebSocketNetwork, OptionsAreCheckedAllAtOnce) {
  WebSocketNetworkOptions options;
  options.node = NodeId("not valid");
  options.listen_host.clear();
  options.listen_port = 80;
  options.dial_timeout = milliseconds(0);
  options.handshake_timeout = milliseconds(-1);
  options.redial_min = milliseconds(10);
  options.redial_max = milliseconds(5);
  options.ping_interval = milliseconds(0);
  options.missed_pings = 0;
  options.close_timeout = milliseconds(0);
  options.max_queued_bytes_per_peer = 1;
  options.max_queued_bytes = 1;
  options.max_entry_bytes = 0;
  std::vector<std::string> fields;
  for (const OptionProblem& problem : check(options)) fields.push_back(problem.field);
  EXPECT_EQ(fields, (std::vector<std::string>{
                        "node", "listen_port", "dial_timeout", "handshake_timeout", "redial_max",
                        "ping_interval", "missed_pings", "close_timeout",
                        "max_queued_bytes_per_peer", "max_queued_bytes", "max_entry_bytes"}));
  EXPECT_TRUE(check(options_of("a")).empty());
  EXPECT_EQ(WebSocketNetworkManager::create(options, runtime_).error(), Errc::kInvalidArgument);
  EXPECT_EQ(WebSocketNetworkManager::create(options_of("a"), nullptr).error(),
            Errc::kInvalidArgument);
  EXPECT_TRUE(check(LoopbackNodeOptions{.node = NodeId("a"), .boot = {}, .log = {}}).empty());
  EXPECT_EQ(check(LoopbackNodeOptions{}).size(), 1U);
}

TEST_F(WebSocketNetwork, WhatIsNotThereYetSaysSo) {
  WebSocketNetworkOptions tls = options_of("a");
  tls.security.mode = NetworkSecurity::Mode::kTls;
  EXPECT_EQ(WebSocketNetworkManager::create(tls, runtime_).error(), Errc::kNotSupported);
  WebSocketNetworkOptions json = options_of("a");
  json.accept_collection_store = true;
  EXPECT_EQ(WebSocketNetworkManager::create(json, runtime_).error(), Errc::kNotSupported);
}

TEST_F(WebSocketNetwork, PeerIsDialledAtItsNewAddress) {
  const auto a = make(options_of("a"));
  const auto wrong = make(options_of("wrong"));
  Probe probe(*a);
  EXPECT_EQ(connect(*a, "b", "127.0.0.1", wrong->local_port()), Errc::kHandshakeRefused)
      << "somebody else lives there";
  EXPECT_TRUE(probe.wait_error(Errc::kHandshakeRefused));
  const auto b = make(options_of("b"));
  EXPECT_FALSE(connect(*a, "b", "127.0.0.1", b->local_port()));
}

TEST_F(WebSocketNetwork, DialThatHangsTimesOut) {
  // A listener that nobody accepts from: connected by the system, never answered.
  RawListener listener;
  WebSocketNetworkOptions options = options_of("a");
  options.dial_timeout = milliseconds(50);
  const auto a = make(options);
  EXPECT_EQ(connect(*a, "b", "127.0.0.1", listener.port()), Errc::kTimedOut);
}

TEST_F(WebSocketNetwork, DestroyedWhileDiallingLeavesNoSocketBehind) {
  RawListener listener;  // connects, and never answers
  const auto open_descriptors = [] {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
  };
  (void)make(options_of("a"));  // the runtime opens what it needs
  const auto before = open_descriptors();
  std::vector<std::shared_ptr<WebSocketNetworkManager>> dialling;
  for (int i = 0; i < 5; ++i) {
    dialling.push_back(make(options_of("a")));
    ASSERT_TRUE(dialling.back()->connect({NodeId("b"), "127.0.0.1", listener.port()}));
    Completion<> begun;  // behind the dial, on the same strand
    ASSERT_TRUE(dialling.back()->connect({NodeId("c"), "127.0.0.1", 1}, begun.handler()));
    EXPECT_EQ(begun.get(), Errc::kConnectionRefused);
  }
  EXPECT_GE(open_descriptors(), before + 10);
  dialling.clear();
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(WebSocketNetwork, AddressNeedsAHostAndAPort) {
  const auto a = make(options_of("a"));
  EXPECT_EQ(a->connect({NodeId("b"), "", 4000}).error(), Errc::kInvalidArgument);
  EXPECT_EQ(a->connect({NodeId("b"), "127.0.0.1", 0}).error(), Errc::kInvalidArgument);
}

TEST_F(WebSocketNetwork, SocketsAreNotForTheHostsChildren) {
  const auto a = make(options_of("a"));
  const auto b = make(options_of("b"));
  ASSERT_FALSE(connect(*a, "b", "127.0.0.1", b->local_port()));
  int sockets = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (!read_symlink(entry.path(), gone).string().starts_with("socket:")) continue;
    ++sockets;
    const int flags = ::fcntl(std::stoi(entry.path().filename()), F_GETFD);
    EXPECT_TRUE((flags & FD_CLOEXEC) != 0) << entry.path();
  }
  EXPECT_GE(sockets, 4) << "two listeners and both ends of a connection";
}

TEST_F(WebSocketNetwork, RoundTripsAreMeasuredByPings) {
  WebSocketNetworkOptions options = options_of("a");
  options.ping_interval = milliseconds(10);
  const auto a = make(options);
  const auto b = make(options_of("b"));
  Probe probe(*b);
  ASSERT_FALSE(connect(*a, "b", "127.0.0.1", b->local_port()));
  // Messages that go back and forth give the pings their time.
  while (a->metrics().peers.at(NodeId("b")).round_trip.count() < 3) {
    const std::size_t before = probe.seen().messages.size();
    ASSERT_TRUE(a->send_message(message_to("b", MessageType::kHeartbeat)));
    ASSERT_TRUE(probe.wait_messages(before + 1));
  }
  EXPECT_GT(a->metrics().total.round_trip.max().count(), 0);
}

TEST_F(WebSocketNetwork, PeerThatReadsButNeverWritesIsFound) {
  WebSocketNetworkOptions options = options_of("a");
  options.ping_interval = milliseconds(30);
  const auto a = make(options);
  Probe probe(*a);
  RawPeer peer(a->local_port());
  peer.connect("x");
  ASSERT_TRUE(probe.wait_events<NodeConnected>(1));
  (void)peer.read_to_end();
  ASSERT_TRUE(probe.wait_events<NodeDisconnected>(1));
  EXPECT_EQ(probe.seen().all<NodeDisconnected>().at(0).reason, Errc::kKeepAliveTimedOut);
}

TEST_F(WebSocketNetwork, FrozenReceiverCostsItsBudgetAndNobodyElse) {
  WebSocketNetworkOptions options = options_of("a");
  options.max_queued_bytes_per_peer = std::size_t{2} << 20;
  options.close_timeout = milliseconds(100);
  const auto a = make(options);
  const auto b = make(options_of("b"));
  Probe probe_b(*b);
  Probe probe(*a);
  ASSERT_FALSE(connect(*a, "b", "127.0.0.1", b->local_port()));
  RawPeer frozen(a->local_port());
  frozen.connect("x");
  ASSERT_TRUE(probe.wait_events<NodeConnected>(2));
  EntryBatch batch;
  batch.entries.push_back(make_entry(1, 60'000));
  Watched<int> completed;
  int accepted = 0;
  for (;;) {
    const auto sent = a->send_message(message_to("x", MessageType::kAppendEntries, batch),
                                      [&](const Error&) { completed.change([](int& n) { ++n; }); });
    if (!sent) {
      EXPECT_EQ(sent.error(), Errc::kOverloaded);
      break;
    }
    ASSERT_LT(++accepted, 1000) << "the kernel takes no end of it";
  }
  EXPECT_LE(a->metrics().total.queued_bytes, options.max_queued_bytes_per_peer);
  EXPECT_TRUE(a->send_message(message_to("x", MessageType::kHeartbeat))) << "control has a reserve";
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(a->send_message(message_to("b", MessageType::kAppendEntries, batch)));
    ASSERT_TRUE(probe_b.wait_messages(static_cast<std::size_t>(i) + 1));
  }
  Completion<> gone;
  ASSERT_TRUE(a->disconnect(NodeId("x"), gone.handler()));
  EXPECT_FALSE(gone.get());
  EXPECT_TRUE(completed.wait([&](int n) { return n == accepted; })) << "all were completed";
}

TEST_F(WebSocketNetwork, BudgetOfAllPeersTogetherIsRefusedAtOnceAndGivenBack) {
  WebSocketNetworkOptions options = options_of("a");
  options.max_queued_bytes = std::size_t{1} << 20;
  const auto a = make(options);
  const auto b = make(options_of("b"));
  const auto c = make(options_of("c"));
  Probe probe_b(*b);
  ASSERT_FALSE(connect(*a, "b", "127.0.0.1", b->local_port()));
  ASSERT_FALSE(connect(*a, "c", "127.0.0.1", c->local_port()));
  EntryBatch batch;
  batch.entries.push_back(make_entry(1, 60'000));
  Completion<> refused;
  ASSERT_TRUE(a->send_message(message_to("b", MessageType::kAck), [&](const Error&) {
    while (a->send_message(message_to("b", MessageType::kAppendEntries, batch))) {
    }
    const auto sent = a->send_message(message_to("c", MessageType::kAppendEntries, batch));
    refused.handler()(sent ? Error{} : sent.error());
  }));
  EXPECT_EQ(refused.get(), Errc::kOverloaded) << "nothing is queued for c, but too much in all";
  for (int i = 0; i < 40; ++i) {
    Completion<> sent;
    // The first ones may meet a queue that is still full.
    while (!a->send_message(message_to("c", MessageType::kAppendEntries, batch), sent.handler())) {
      Completion<> control;
      ASSERT_TRUE(a->send_message(message_to("b", MessageType::kAck), control.handler()));
      ASSERT_FALSE(control.get());
    }
    ASSERT_FALSE(sent.get());
  }
  EXPECT_EQ(a->metrics().peers.at(NodeId("c")).queued_bytes, 0U);
}

TEST_F(WebSocketNetwork, EntryBatchesAreSentAndHandedOverWithoutACopy) {
  const auto a = make(options_of("a"));
  const auto b = make(options_of("b"));
  Probe probe_a(*a);
  Probe probe_b(*b);
  ASSERT_FALSE(connect(*a, "b", "127.0.0.1", b->local_port()));
  ASSERT_TRUE(probe_b.wait_events<NodeConnected>(1));
  std::uint64_t payload = 0;
  std::size_t batches = 0;
  // Smaller and larger than what Beast reads ahead, and more pieces than one system call takes.
  for (const std::size_t bytes : {1U, 64U, 256U, 20'000U}) {
    EntryBatch batch;
    const std::uint64_t entries = bytes == 64 ? 1500 : 3;
    for (std::uint64_t i = 1; i <= entries; ++i) batch.entries.push_back(make_entry(i, bytes));
    payload += entries * bytes;
    ++batches;
    ASSERT_TRUE(a->send_message(message_to("b", MessageType::kAppendEntries, batch)));
    ASSERT_TRUE(b->send_message(message_to("a", MessageType::kAppendEntries, batch)));
  }
  for (Probe* probe : {&probe_a, &probe_b}) {
    ASSERT_TRUE(probe->wait_messages(batches));
    const auto messages = probe->seen().messages;
    EXPECT_EQ(std::get<EntryBatch>(messages.at(1).data).entries.size(), 1500U);
  }
  for (const auto& node : {a, b}) {
    const PeerCounters total = node->metrics().total;
    EXPECT_EQ(total.payload_bytes_sent, payload);
    EXPECT_EQ(total.payload_bytes_received, payload);
    EXPECT_EQ(total.payload_bytes_copied, 0U);
  }
}

TEST_F(WebSocketNetwork, EntryInPartsIsPutTogetherWhichIsCounted) {
  const auto a = make(options_of("a"));
  const auto b = make(options_of("b"));
  Probe probe(*b);
  ASSERT_FALSE(connect(*a, "b", "127.0.0.1", b->local_port()));
  EntryBatch batch;
  batch.entries.push_back(make_entry(1, 1'000'000));
  ASSERT_TRUE(a->send_message(message_to("b", MessageType::kAppendEntries, batch)));
  ASSERT_TRUE(probe.wait_messages(1));
  EXPECT_EQ(a->metrics().total.payload_bytes_copied, 0U);
  EXPECT_EQ(b->metrics().total.payload_bytes_copied, 1'000'000U);
  EXPECT_EQ(b->metrics().total.payload_bytes_received, 0U);
}

// Pings and pongs are written by other hands than messages: they must neither come in the middle of
// one nor wait for one so that reading stops, for then two full directions would wait for each
// other.
TEST_F(WebSocketNetwork, FullConnectionThatIsPingedFromBothEndsGoesOn) {
  WebSocketNetworkOptions options = options_of("a");
  options.ping_interval = milliseconds(1);
  options.missed_pings = 10'000;
  const auto a = make(options);
  options.node = NodeId("b");
  const auto runtime_b = AsioRuntime::create();
  const auto b = WebSocketNetworkManager::create(options, runtime_b).value();
  Probe probe_a(*a);
  Probe probe_b(*b);
  ASSERT_FALSE(connect(*a, "b", "127.0.0.1", b->local_port()));
  ASSERT_TRUE(probe_b.wait_events<NodeConnected>(1));
  EntryBatch batch;
  batch.entries.push_back(make_entry(1, 60'000));
  const auto pongs = [](INetworkManager& node) { return node.metrics().total.round_trip.count(); };
  std::size_t sent = 0;
  do {
    // More than the kernels hold, so that writes end in the middle of a frame.
    for (int i = 0; i < 100; ++i, ++sent) {
      ASSERT_TRUE(a->send_message(message_to("b", MessageType::kAppendEntries, batch)));
      ASSERT_TRUE(b->send_message(message_to("a", MessageType::kAppendEntries, batch)));
    }
    ASSERT_TRUE(probe_a.wait_messages(sent));
    ASSERT_TRUE(probe_b.wait_messages(sent));
  } while (pongs(*a) < 3 || pongs(*b) < 3);
  EXPECT_EQ(a->metrics().total.protocol_errors, 0U);
  EXPECT_EQ(b->metrics().total.protocol_errors, 0U);
  EXPECT_EQ(a->metrics().total.reconnects, 0U);
}

TEST_F(WebSocketNetwork, RunsOnTheHostsExecutor) {
  boost::asio::io_context context;
  auto work = boost::asio::make_work_guard(context);
  // Two threads: the transport's strand keeps it in order.
  std::thread first([&] { context.run(); });
  std::thread second([&] { context.run(); });
  {
    const auto runtime = AsioRuntime::create(context.get_executor());
    const auto a = WebSocketNetworkManager::create(options_of("a"), runtime).value();
    const auto b = WebSocketNetworkManager::create(options_of("b"), runtime).value();
    Probe probe(*b);
    ASSERT_FALSE(connect(*a, "b", "127.0.0.1", b->local_port()));
    for (int i = 0; i < 200; ++i) {
      ASSERT_TRUE(a->send_message(message_to("b", MessageType::kHeartbeat)));
    }
    EXPECT_TRUE(probe.wait_messages(200));
    Completion<> closed_a;
    Completion<> closed_b;
    a->close(closed_a.handler());
    b->close(closed_b.handler());
    EXPECT_FALSE(closed_a.get());
    EXPECT_FALSE(closed_b.get());
  }
  work.reset();
  first.join();
  second.join();
}

}  // namespace
}  // namespace lockstep::test
