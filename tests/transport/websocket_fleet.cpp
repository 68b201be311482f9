#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "lockstep/testing/wire_faults.hpp"
#include "lockstep/websocket_network_manager.hpp"
#include "transport/fleets.hpp"
#include "transport/probe.hpp"

namespace lockstep::test {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

class WebSocketFleet final : public Fleet {
 public:
  std::shared_ptr<INetworkManager> add_node(const NodeSetup& setup) override {
    Place& place = places_[setup.name];
    place.reserved.reset();
    place.faults = std::make_shared<testing::WireFaults>();
    WebSocketNetworkOptions options;
    options.node = NodeId(setup.name);
    options.boot = setup.boot;
    options.listen_port = place.port;
    options.redial_min = std::chrono::milliseconds(5);
    options.redial_max = std::chrono::milliseconds(100);
    options.max_queued_bytes_per_peer = setup.max_queued_bytes_per_peer;
    if (setup.quick_keep_alive) options.ping_interval = std::chrono::milliseconds(60);
    options.log = [](LogLevel, std::string_view) {};
    options.faults = place.faults;
    auto made = WebSocketNetworkManager::create(options, runtime_);
    if (!made && made.error() == Errc::kListenFailed) {
      // The node's last life was destroyed, not closed, and has not let go of the port yet.
      options.listen_port = 0;
      made = WebSocketNetworkManager::create(options, runtime_);
    }
    EXPECT_TRUE(made.has_value()) << made.error().message;
    if (!made) return nullptr;
    place.port = (*made)->local_port();
    place.manager = *made;
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
    // Bytes are lost on the cable; the next ones after healing break the connection.
    isolate(a, b);
    if (const auto manager = places_[a].manager.lock()) {
      Completion<> swallowed;
      if (manager->send_message(message_to(b, MessageType::kHeartbeat), swallowed.handler())) {
        (void)swallowed.get();
      }
    }
    heal(a, b);
  }
  void flip_bit(const std::string& from, const std::string& to, std::uint64_t bit) override {
    places_[from].faults->flip_bit_in_next_entry_frame(NodeId(to), bit);
  }
  void isolate(const std::string& a, const std::string& b) override {
    if (places_[a].faults) places_[a].faults->isolate(NodeId(b));
  }
  void heal(const std::string& a, const std::string& b) override {
    if (places_[a].faults) places_[a].faults->heal(NodeId(b));
  }

 private:
  struct Place {
    std::uint16_t port = 0;
    std::unique_ptr<tcp::acceptor> reserved;
    std::shared_ptr<testing::WireFaults> faults;
    std::weak_ptr<INetworkManager> manager;
  };

  asio::io_context context_;
  std::shared_ptr<AsioRuntime> runtime_ = AsioRuntime::create();
  std::map<std::string, Place> places_;
};

}  // namespace

std::unique_ptr<Fleet> make_websocket_fleet() { return std::make_unique<WebSocketFleet>(); }

}  // namespace lockstep::test
