#include "benchmark/node.hpp"

#include <cstdio>
#include <cstdlib>

namespace lockstep::benchmark {

Node::Node(const std::string& name, const std::function<void(WebSocketNetworkOptions&)>& tune) {
  WebSocketNetworkOptions options;
  options.node = NodeId(name);
  options.log = [](LogLevel, std::string_view) {};
  if (tune) tune(options);
  auto made = WebSocketNetworkManager::create(std::move(options), runtime_);
  if (!made) give_up(made.error().message);
  network_ = std::move(*made);
  events_ = network_->subscribe([this](const NetworkEvent& event) { on_event(event); });
}

void Node::on_event(const NetworkEvent& event) {
  if (std::holds_alternative<NodeConnected>(event)) {
    const std::lock_guard lock(mutex_);
    ++connected_;
    changed_.notify_all();
  }
  const auto* gone = std::get_if<NodeDisconnected>(&event);
  if (gone != nullptr && on_disconnected) on_disconnected(*gone);
}

void Node::dial(const PeerAddress& peer) { must(network_->connect(peer)); }

void Node::wait_connected(int peers) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return connected_ >= peers; });
}

void give_up(const std::string& why) {
  std::fprintf(stderr, "lockstep-network-bench: %s\n", why.c_str());
  std::exit(1);
}

void must(const Result<>& result) {
  if (!result) give_up(result.error().message);
}

}  // namespace lockstep::benchmark
