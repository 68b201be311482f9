// Many messages, many threads, and counters that agree with what was sent.
#include <thread>

#include "transport/fleet.hpp"
#include "transport/probe.hpp"

namespace lockstep::test {
namespace {

class PerformanceAndReliability : public OnEveryTransport {
 protected:
  std::shared_ptr<INetworkManager> a_ = fleet_->add("a");
  std::shared_ptr<INetworkManager> b_ = fleet_->add("b");
  Probe probe_{*b_};

  void SetUp() override {
    connect(*a_, "b");
    ASSERT_TRUE(probe_.wait_events<NodeConnected>(1));
  }
};

TEST_P(PerformanceAndReliability, AThousandMessagesNoneLost) {
  Watched<int> written;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(a_->send_message(
        message_to("b", MessageType::kWalEntry, SharedBuffer::copy_of(std::to_string(i))),
        [&](const Error& error) {
          if (!error) written.change([](int& n) { ++n; });
        }));
  }
  ASSERT_TRUE(probe_.wait_messages(1000));
  ASSERT_TRUE(written.wait([](int n) { return n == 1000; }));
  const auto messages = probe_.seen().messages;
  ASSERT_EQ(messages.size(), 1000U);
  for (std::size_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(std::get<SharedBuffer>(messages[i].data).view(), std::to_string(i));
  }
}

TEST_P(PerformanceAndReliability, ThreadsMaySendAtTheSameTime) {
  constexpr int kThreads = 4;
  constexpr int kEach = 100;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const auto text = std::to_string(t) + " " + std::to_string(i);
        EXPECT_TRUE(
            a_->send_message(message_to("b", MessageType::kWalEntry, SharedBuffer::copy_of(text))));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(probe_.wait_messages(kThreads * kEach));
  std::vector<int> next(kThreads, 0);
  for (const auto& message : probe_.seen().messages) {
    const std::string text(std::get<SharedBuffer>(message.data).view());
    const auto space = text.find(' ');
    const auto thread = static_cast<std::size_t>(std::stoi(text.substr(0, space)));
    EXPECT_EQ(std::stoi(text.substr(space + 1)), next.at(thread)++) << "a thread's own order";
  }
  EXPECT_EQ(next, std::vector<int>(kThreads, kEach));
}

TEST_P(PerformanceAndReliability, CountersEqualWhatWasSent) {
  std::vector<Completion<>> sent(50);
  for (auto& completion : sent) {
    ASSERT_TRUE(a_->send_message(message_to("b", MessageType::kHeartbeat), completion.handler()));
  }
  for (auto& completion : sent) ASSERT_FALSE(completion.get());
  ASSERT_TRUE(probe_.wait_messages(50));
  const NetworkMetrics out = a_->metrics();
  const NetworkMetrics in = b_->metrics();
  const PeerCounters& to_b = out.peers.at(NodeId("b"));
  const PeerCounters& from_a = in.peers.at(NodeId("a"));
  EXPECT_EQ(to_b.messages_sent, 50U);
  EXPECT_EQ(from_a.messages_received, 50U);
  EXPECT_EQ(to_b.bytes_sent, from_a.bytes_received);
  EXPECT_EQ(to_b.bytes_received, from_a.bytes_sent);
  EXPECT_GT(to_b.bytes_sent, 50U * 96U);
  EXPECT_EQ(to_b.sends_failed, 0U);
  EXPECT_EQ(to_b.connections, 1U);
  EXPECT_EQ(to_b.reconnects, 0U);
  EXPECT_EQ(to_b.queued_bytes, 0U);
  EXPECT_EQ(to_b.connection_setup.count(), 1U);
  EXPECT_EQ(out.total.messages_sent, 50U);
  EXPECT_EQ(in.total.messages_received, 50U);
  EXPECT_GT(out.uptime.count(), 0);
}

TEST_P(PerformanceAndReliability, ManyCreateConnectCloseCycles) {
  for (int i = 0; i < 50; ++i) {
    auto c = fleet_->add("c");
    connect(*c, "b");
    ASSERT_TRUE(c->send_message(message_to("b", MessageType::kHeartbeat)));
    if (i % 2 == 0) {
      Completion<> closed;
      c->close(closed.handler());
      ASSERT_FALSE(closed.get());
    }
  }
  EXPECT_TRUE(b_->is_connected(NodeId("a"))) << "others are not disturbed";
}

LOCKSTEP_ON_EVERY_TRANSPORT(PerformanceAndReliability);

}  // namespace
}  // namespace lockstep::test
