#include "transport/loopback_testbed.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>
#include <vector>

#include "lockstep/asio_runtime.hpp"
#include "lockstep/loopback_network.hpp"

namespace lockstep::test {
namespace {

using std::chrono::milliseconds;

/// The host's threads: a few, so that a node whose callback blocks holds up no other.
class Threads {
 public:
  Threads() {
    for (std::thread& thread : threads_) thread = std::thread([this] { context_.run(); });
  }
  ~Threads() {
    work_.reset();
    for (std::thread& thread : threads_) thread.join();
  }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  [[nodiscard]] boost::asio::any_io_executor executor() { return context_.get_executor(); }

 private:
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      context_.get_executor()};
  std::vector<std::thread> threads_{3};
};

class LoopbackTestbed final : public testing::NetworkTestbed {
 public:
  std::shared_ptr<INetworkManager> add_node(const testing::TestNode& node) override {
    LoopbackNodeOptions options;
    options.node = NodeId(node.name);
    options.boot = node.boot;
    if (node.quick_keep_alive) options.ping_interval = milliseconds(60);
    options.redial_max = milliseconds(20);
    options.dial_timeout = node.patience;
    options.handshake_timeout = node.patience;
    options.close_timeout = node.patience;
    options.max_queued_bytes_per_peer = node.max_queued_bytes_per_peer;
    options.max_queued_bytes = node.max_queued_bytes;
    options.admit = node.admit;
    options.max_unconfigured_peers = node.max_unconfigured_peers;
    options.log = node.log;
    auto added = network_.add_node(options);
    EXPECT_TRUE(added.has_value()) << added.error().message;
    return added ? *added : nullptr;
  }
  PeerAddress address(const std::string& name) override { return {NodeId(name), "", 0}; }
  std::string lacks(Feature feature) const override {
    return feature == Feature::kGather ? "frames of the loopback are made in one piece" : "";
  }

  void drop_connection(const std::string& a, const std::string& b) override {
    network_.drop_connection(NodeId(a), NodeId(b));
  }
  void flip_bit(const std::string& from, const std::string& to, std::uint64_t bit) override {
    network_.flip_bit_in_next_entry_frame(NodeId(from), NodeId(to), bit);
  }
  void isolate(const std::string& a, const std::string& b) override {
    network_.cut(NodeId(a), NodeId(b));
    network_.cut(NodeId(b), NodeId(a));
  }
  void heal(const std::string& a, const std::string& b) override {
    network_.heal(NodeId(a), NodeId(b));
    network_.heal(NodeId(b), NodeId(a));
  }

 private:
  Threads threads_;
  LoopbackNetwork network_{AsioRuntime::create(threads_.executor())};
};

}  // namespace

testing::NetworkUnderTest loopback_under_test() {
  return {"Loopback", [] { return std::make_unique<LoopbackTestbed>(); }};
}

}  // namespace lockstep::test
