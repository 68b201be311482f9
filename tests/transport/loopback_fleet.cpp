#include "lockstep/asio_runtime.hpp"
#include "lockstep/loopback_network.hpp"
#include "transport/fleets.hpp"
#include "transport/probe.hpp"

namespace lockstep::test {
namespace {

class LoopbackFleet final : public Fleet {
 public:
  std::shared_ptr<INetworkManager> add_node(const NodeSetup& setup) override {
    LoopbackNodeOptions options;
    options.node = NodeId(setup.name);
    options.boot = setup.boot;
    options.max_queued_bytes_per_peer = setup.max_queued_bytes_per_peer;
    options.log = [](LogLevel, std::string_view) {};
    auto node = network_.add_node(options);
    EXPECT_TRUE(node.has_value()) << node.error().message;
    return node ? *node : nullptr;
  }
  PeerAddress address(const std::string& name) override { return {NodeId(name), "", 0}; }
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
  std::shared_ptr<AsioRuntime> runtime_ = AsioRuntime::create();
  LoopbackNetwork network_{runtime_};
};

}  // namespace

std::unique_ptr<Fleet> make_loopback_fleet() { return std::make_unique<LoopbackFleet>(); }

}  // namespace lockstep::test
