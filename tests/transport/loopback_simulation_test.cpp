// Whole runs on the simulated runtime: one as a host's test author would write it, and one that
// shows that a seed decides everything.
#include <algorithm>
#include <iostream>

#include "base/digest.hpp"
#include "lockstep/loopback_network.hpp"
#include "lockstep/testing/simulated_runtime.hpp"
#include "transport/probe.hpp"

namespace lockstep::test {
namespace {

using namespace std::chrono_literals;

/// A host's protocol under test: "add 1" to the peer's counter, asked again until answered.
class Incrementer {
 public:
  Incrementer(std::shared_ptr<Runtime> runtime, std::shared_ptr<INetworkManager> network)
      : runtime_(std::move(runtime)), strand_(runtime_->make_strand()), network_(network) {
    requests_ = *network_->set_handler(GroupId(1), {kRequest, kRequest}, [this](const auto& m) {
      ++counter;
      (void)network_->send_message(message_to(m.source_node.str(), kReply));
    });
    replies_ = *network_->set_handler(GroupId(1), {kReply, kReply},
                                      [this](const auto&) { answered = true; });
  }
  void ask(const std::string& peer) {
    if (answered) return;
    (void)network_->send_message(message_to(peer, kRequest));
    retry_ = runtime_->schedule(strand_, 100ms, [this, peer] { ask(peer); });
  }

  int counter = 0;
  bool answered = false;

 private:
  static constexpr MessageType kRequest = host_message_type(0);
  static constexpr MessageType kReply = host_message_type(1);
  std::shared_ptr<Runtime> runtime_;
  std::shared_ptr<IExecutor> strand_;
  std::shared_ptr<INetworkManager> network_;
  std::unique_ptr<Runtime::Timer> retry_;
  Subscription requests_;
  Subscription replies_;
};

TEST(LoopbackExample, RetriedRequestIsNotIdempotent) {
  testing::SimulatedRuntime simulated(/*seed=*/1);
  LoopbackNetwork network(simulated.runtime());
  const NodeId a{"a"};
  const NodeId b{"b"};
  Incrementer client(simulated.runtime(), *network.add_node({.node = a}));
  const auto server_node = *network.add_node({.node = b});
  Incrementer server(simulated.runtime(), server_node);
  ASSERT_TRUE(server_node->connect({a, "", 0}));
  simulated.run_until_idle();

  network.cut(b, a);  // the answers get lost for a minute
  client.ask("b");
  simulated.run_for(1min);
  EXPECT_FALSE(client.answered);
  network.heal_all();
  EXPECT_TRUE(simulated.run_until([&] { return client.answered; }, 1s));
  EXPECT_GT(server.counter, 600) << "what this protocol's author has to learn";
}

/// Five nodes that talk at random over links with faults drawn from the seed, for a minute.
class BusyNetwork {
 public:
  explicit BusyNetwork(std::uint64_t seed) : simulated_(seed), network_(simulated_.runtime()) {
    received_.begin();
    for (std::size_t i = 0; i < kNodes; ++i) nodes_.push_back(make_node(i));
    for (std::size_t from = 0; from < kNodes; ++from) {
      for (std::size_t to = 0; to < kNodes; ++to) {
        if (from == to) continue;
        EXPECT_TRUE(nodes_[from].manager->connect({name(to), "", 0}));
        draw_faults(from, to);
      }
    }
  }

  void run() {
    for (int i = 0; i < 600; ++i) {
      for (int sent = 0; sent < 5; ++sent) send();
      if (below(4) == 0) break_something();
      simulated_.run_for(100ms);
    }
    network_.clear_all_faults();
    simulated_.run_for(10s);
  }

  [[nodiscard]] std::uint64_t trace_hash() const { return simulated_.trace_hash(); }
  [[nodiscard]] Digest received() { return received_.finish(); }
  [[nodiscard]] std::size_t messages() const { return messages_; }
  [[nodiscard]] LoopbackFaultCounts faults() const { return network_.fault_counts(); }
  [[nodiscard]] bool all_connected() const {
    return std::all_of(nodes_.begin(), nodes_.end(), [](const BusyNode& node) {
      return node.manager->connected_nodes().size() == kNodes - 1;
    });
  }

 private:
  static constexpr std::size_t kNodes = 5;
  struct BusyNode {
    std::shared_ptr<INetworkManager> manager;
    Subscription handler;
  };

  static NodeId name(std::size_t number) { return NodeId("n" + std::to_string(number)); }
  std::uint64_t below(std::uint64_t limit) { return simulated_.runtime()->random() % limit; }

  BusyNode make_node(std::size_t number) {
    LoopbackNodeOptions options;
    options.node = name(number);
    options.ping_interval = 500ms;
    options.log = [](LogLevel, std::string_view) {};
    BusyNode node{*network_.add_node(options), {}};
    node.handler = *node.manager->set_handler(
        GroupId(1), {MessageType::kWalEntry, static_cast<MessageType>(65535)},
        [this](const ReplicationMessage& message) {
          ++messages_;
          received_.update(message.checksum.bytes);
        });
    return node;
  }

  void draw_faults(std::size_t from, std::size_t to) {
    LinkFaults faults;
    faults.delay = std::chrono::microseconds(below(20'000));
    faults.jitter = std::chrono::microseconds(below(20'000));
    faults.bytes_per_second = below(2) == 0 ? 0 : 200'000 + below(1'000'000);
    faults.flipped_per_million = static_cast<std::uint32_t>(below(20'000));
    faults.repeated_after_reconnect = below(5);
    EXPECT_TRUE(network_.set_faults(name(from), name(to), faults));
  }

  void send() {
    const std::size_t from = below(kNodes);
    ReplicationMessage message = message_to(name(below(kNodes)).str(), MessageType::kHeartbeat);
    const std::uint64_t kind = below(20);
    if (kind == 0) {
      message.data = EntryBatch{{}, {make_entry(1, 50'000 + below(200'000))}};
    } else if (kind < 10) {
      message.data = SharedBuffer::copy_of(std::string(below(2000), 'x'));
    }
    (void)nodes_[from].manager->send_message(std::move(message));
  }

  void break_something() {
    const NodeId a = name(below(kNodes));
    const NodeId b = name(below(kNodes));
    switch (below(5)) {
      case 0:
        return network_.cut(a, b);
      case 1:
        return network_.drop_connection(a, b);
      case 2:
        return network_.drop_in_next_part(a, b);
      default:
        return network_.heal_all();
    }
  }

  testing::SimulatedRuntime simulated_;
  LoopbackNetwork network_;
  Sha256 received_;
  std::size_t messages_ = 0;
  std::vector<BusyNode> nodes_;
};

TEST(LoopbackSimulation, SeedDecidesEverything) {
  const auto run = [](std::uint64_t seed) {
    BusyNetwork network(seed);
    network.run();
    EXPECT_TRUE(network.all_connected()) << "seed " << seed;
    // A run that injected too little shows nothing.
    const LoopbackFaultCounts faults = network.faults();
    EXPECT_GT(network.messages(), 1000U);
    EXPECT_GT(faults.frames_lost, 20U);
    EXPECT_GT(faults.frames_flipped, 5U);
    EXPECT_GT(faults.messages_repeated, 20U);
    EXPECT_GT(faults.connections_broken, 20U);
    return std::pair(network.trace_hash(), to_string(network.received()));
  };
  const auto first = run(1);
  EXPECT_EQ(first, run(1));
  const auto other = run(2);
  EXPECT_NE(first.first, other.first);
  EXPECT_NE(first.second, other.second);
  // To be compared between builds and processes.
  std::cout << "trace " << std::hex << first.first << " received " << first.second << '\n';
}

}  // namespace
}  // namespace lockstep::test
