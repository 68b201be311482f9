#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "lockstep/websocket_network_manager.hpp"

namespace lockstep::benchmark {

/// A node with a runtime, and so an io thread, of its own, as a process has one.
class Node {
 public:
  /// `tune`: changes of the default options.
  explicit Node(const std::string& name,
                const std::function<void(WebSocketNetworkOptions&)>& tune = {});
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  [[nodiscard]] INetworkManager& network() { return *network_; }
  [[nodiscard]] const std::shared_ptr<AsioRuntime>& runtime() const { return runtime_; }
  [[nodiscard]] PeerAddress address() const {
    return {network_->local_node(), "127.0.0.1", network_->local_port()};
  }
  void dial(const PeerAddress& peer);
  void wait_connected(int peers);
  /// Called on the io thread. Set it before the first disconnection.
  std::function<void(const NodeDisconnected&)> on_disconnected;

 private:
  void on_event(const NetworkEvent& event);

  std::shared_ptr<AsioRuntime> runtime_ = AsioRuntime::create();
  std::shared_ptr<WebSocketNetworkManager> network_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int connected_ = 0;
  Subscription events_;
};

/// The benchmark has no use for an error: tells of it and ends the program.
[[noreturn]] void give_up(const std::string& why);
void must(const Result<>& result);

}  // namespace lockstep::benchmark
