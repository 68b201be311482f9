#include "simulation/observe/observed_network.hpp"

#include <utility>

#include "replication/message_codec.hpp"

namespace lockstep::sim {
namespace {

class ObservedNetwork final : public INetworkManager {
 public:
  ObservedNetwork(std::shared_ptr<INetworkManager> network, Observer& observer)
      : network_(std::move(network)), observer_(observer) {}

  Result<> send_message(ReplicationMessage message, DoneHandler done) override {
    if (const auto decoded = replication::decode(message)) {
      observer_.on_send(local_node(), message.target_node.value_or(NodeId{}), *decoded);
    }
    return network_->send_message(std::move(message), std::move(done));
  }

  NodeId local_node() const override { return network_->local_node(); }
  Result<> set_cluster(ClusterId cluster) override { return network_->set_cluster(cluster); }
  ClusterId cluster() const override { return network_->cluster(); }
  std::size_t max_entry_bytes() const override { return network_->max_entry_bytes(); }
  Result<> connect(const PeerAddress& peer, DoneHandler done) override {
    return network_->connect(peer, std::move(done));
  }
  Result<> disconnect(const NodeId& node, DoneHandler done) override {
    return network_->disconnect(node, std::move(done));
  }
  Result<> broadcast_message(Broadcast broadcast, BroadcastHandler done) override {
    return network_->broadcast_message(std::move(broadcast), std::move(done));
  }
  Result<Subscription> set_handler(GroupId group, MessageTypeRange types,
                                   MessageHandler handler) override {
    return network_->set_handler(group, types, std::move(handler));
  }
  Subscription subscribe(EventListener listener) override {
    return network_->subscribe(std::move(listener));
  }
  std::vector<NodeId> connected_nodes() const override { return network_->connected_nodes(); }
  bool is_connected(const NodeId& node) const override { return network_->is_connected(node); }
  NetworkMetrics metrics() const override { return network_->metrics(); }
  void close(DoneHandler done) override { network_->close(std::move(done)); }

 private:
  const std::shared_ptr<INetworkManager> network_;
  Observer& observer_;
};

}  // namespace

std::shared_ptr<INetworkManager> observe(std::shared_ptr<INetworkManager> network,
                                         Observer& observer) {
  return std::make_shared<ObservedNetwork>(std::move(network), observer);
}

}  // namespace lockstep::sim
