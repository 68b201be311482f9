#include "transport/websocket_testbed.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <map>

#include "lockstep/testing/wire_faults.hpp"
#include "lockstep/websocket_network_manager.hpp"

namespace lockstep::test {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;

class WebSocketTestbed final : public testing::NetworkTestbed {
 public:
  std::shared_ptr<INetworkManager> add_node(const testing::TestNode& node) override {
    Place& place = places_[node.name];
    place.reserved.reset();
    if (node.moved) place.port = 0;
    // The life before keeps its own for as long as it needs it.
    place.runtime = AsioRuntime::create();
    WebSocketNetworkOptions options = options_of(node);
    options.listen_port = place.port;
    options.faults = place.faults;
    auto made = WebSocketNetworkManager::create(options, place.runtime);
    if (!made && made.error() == Errc::kListenFailed) {
      // The node's life before has not let go of the port yet.
      options.listen_port = 0;
      made = WebSocketNetworkManager::create(options, place.runtime);
    }
    EXPECT_TRUE(made.has_value()) << made.error().message;
    if (!made) return nullptr;
    place.port = (*made)->local_port();
    return *made;
  }

  PeerAddress address(const std::string& name) override {
    Place& place = places_[name];
    if (place.port == 0) {
      // Bound but not listening: dialling is refused, and nobody else gets the port meanwhile.
      place.reserved = std::make_unique<tcp::acceptor>(context_, tcp::v4());
      place.reserved->set_option(asio::socket_base::reuse_address(true));
      place.reserved->bind({asio::ip::address_v4::loopback(), 0});
      place.port = place.reserved->local_endpoint().port();
    }
    return {NodeId(name), "127.0.0.1", place.port};
  }

  void drop_connection(const std::string& a, const std::string& b) override {
    places_.at(a).faults->drop_connections(NodeId(b));
  }
  void flip_bit(const std::string& from, const std::string& to, std::uint64_t bit) override {
    places_.at(from).faults->flip_bit_in_next_entry_frame(NodeId(to), bit);
  }
  void isolate(const std::string& a, const std::string& b) override {
    places_.at(a).faults->isolate(NodeId(b));
  }
  void heal(const std::string& a, const std::string& b) override {
    places_.at(a).faults->heal(NodeId(b));
  }

 private:
  struct Place {
    std::uint16_t port = 0;
    std::unique_ptr<tcp::acceptor> reserved;
    std::shared_ptr<testing::WireFaults> faults = std::make_shared<testing::WireFaults>();
    std::shared_ptr<AsioRuntime> runtime;
  };

  static WebSocketNetworkOptions options_of(const testing::TestNode& node) {
    WebSocketNetworkOptions options;
    options.node = NodeId(node.name);
    options.boot = node.boot;
    options.redial_min = milliseconds(5);
    options.redial_max = milliseconds(20);
    options.ping_interval = node.quick_keep_alive ? milliseconds(60) : milliseconds(60'000);
    options.dial_timeout = node.patience;
    options.handshake_timeout = node.patience;
    options.close_timeout = node.patience;
    options.max_queued_bytes_per_peer = node.max_queued_bytes_per_peer;
    options.max_queued_bytes = node.max_queued_bytes;
    options.admit = node.admit;
    options.max_unconfigured_peers = node.max_unconfigured_peers;
    options.log = node.log;
    return options;
  }

  asio::io_context context_;
  std::map<std::string, Place> places_;
};

}  // namespace

testing::NetworkUnderTest websocket_under_test() {
  return {"WebSocket", [] { return std::make_unique<WebSocketTestbed>(); }};
}

}  // namespace lockstep::test
