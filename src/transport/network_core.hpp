#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "lockstep/network_manager.hpp"
#include "lockstep/runtime.hpp"
#include "transport/admission.hpp"
#include "transport/encoder_pool.hpp"
#include "transport/link_driver.hpp"
#include "transport/notifier.hpp"

namespace lockstep::transport {

struct CoreOptions {
  NodeId node;
  BootNumber boot;
  link::LinkOptions link;
  Admission::Budgets budgets;
  std::size_t max_entry_bytes = 0;
  std::size_t max_unconfigured_peers = 64;
  AdmissionPolicy admit;
  LogSink log;
};

/// What `INetworkManager` promises, over any carrier: the half that runs on the callers' threads.
/// It checks, encodes and takes messages; the rest is posted to the driver on the strand.
class NetworkCore : public std::enable_shared_from_this<NetworkCore> {
 public:
  using DoneHandler = INetworkManager::DoneHandler;

  NetworkCore(const CoreOptions& options, std::shared_ptr<Runtime> runtime,
              std::shared_ptr<IExecutor> strand, std::shared_ptr<ICarrier> carrier);

  /// Once, before anything else.
  void start();
  [[nodiscard]] NodeId local_node() const { return options_.node; }
  [[nodiscard]] std::size_t max_entry_bytes() const { return options_.max_entry_bytes; }
  [[nodiscard]] Result<> set_cluster(ClusterId cluster);
  [[nodiscard]] ClusterId cluster() const;
  [[nodiscard]] Result<> connect(const PeerAddress& peer, DoneHandler done);
  [[nodiscard]] Result<> disconnect(const NodeId& node, DoneHandler done);
  [[nodiscard]] Result<> send_message(ReplicationMessage message, DoneHandler done);
  [[nodiscard]] Result<> broadcast_message(Broadcast broadcast,
                                           INetworkManager::BroadcastHandler done);
  [[nodiscard]] Result<Subscription> set_handler(GroupId group, MessageTypeRange types,
                                                 INetworkManager::MessageHandler handler);
  [[nodiscard]] Subscription subscribe(INetworkManager::EventListener listener);
  [[nodiscard]] std::vector<NodeId> connected_nodes() const { return admission_.connected_nodes(); }
  [[nodiscard]] bool is_connected(const NodeId& node) const {
    return admission_.is_connected(node);
  }
  [[nodiscard]] NetworkMetrics metrics() const;
  void close(DoneHandler done);
  /// Of the destructor: ends everything at once, mutes listeners and handlers. Returns when that is
  /// done, unless this thread, or no thread, is one that the strand runs on: then it is done soon.
  void abort();

 private:
  using Frames = std::shared_ptr<const std::vector<wire::OutgoingFrame>>;

  [[nodiscard]] Result<Frames> encode(const ReplicationMessage& message,
                                      const SharedBuffer& fields);
  [[nodiscard]] Result<> check_target(const NodeId& node) const;
  void fill_in(ReplicationMessage& message);
  [[nodiscard]] Result<> accept(const NodeId& node, MessageType type, Frames frames,
                                DoneHandler done);
  void post(std::function<void(LinkDriver&)> task);

  const CoreOptions options_;
  std::shared_ptr<Runtime> runtime_;  ///< let go of by `abort`
  const std::shared_ptr<IExecutor> strand_;
  const std::shared_ptr<Notifier> notifier_;
  const MonotonicTime created_;
  const std::uint64_t message_id_prefix_;
  std::atomic<std::uint64_t> last_message_id_{0};
  std::atomic<std::uint64_t> messages_encoded_{0};
  std::atomic<std::uint64_t> bytes_hashed_{0};
  EncoderPool encoders_;
  Admission admission_;
  mutable std::mutex cluster_mutex_;
  ClusterId cluster_;
  LinkDriver driver_;
};

/// An `INetworkManager` (or what derives from it) whose every method is the core's. Its destructor
/// may run on any thread, also inside a callback.
template <class Interface>
class CoreFacade : public Interface {
 public:
  /// Holds the runtime itself: when the facade goes, nobody on the runtime's own thread should be
  /// the last to let go of it.
  CoreFacade(std::shared_ptr<NetworkCore> core, std::shared_ptr<Runtime> runtime)
      : runtime_(std::move(runtime)), core_(std::move(core)) {}
  ~CoreFacade() override { core_->abort(); }

  NodeId local_node() const override { return core_->local_node(); }
  std::size_t max_entry_bytes() const override { return core_->max_entry_bytes(); }
  Result<> set_cluster(ClusterId cluster) override { return core_->set_cluster(cluster); }
  ClusterId cluster() const override { return core_->cluster(); }
  Result<> connect(const PeerAddress& peer, INetworkManager::DoneHandler done) override {
    return core_->connect(peer, std::move(done));
  }
  Result<> disconnect(const NodeId& node, INetworkManager::DoneHandler done) override {
    return core_->disconnect(node, std::move(done));
  }
  Result<> send_message(ReplicationMessage message, INetworkManager::DoneHandler done) override {
    return core_->send_message(std::move(message), std::move(done));
  }
  Result<> broadcast_message(Broadcast broadcast, INetworkManager::BroadcastHandler done) override {
    return core_->broadcast_message(std::move(broadcast), std::move(done));
  }
  Result<Subscription> set_handler(GroupId group, MessageTypeRange types,
                                   INetworkManager::MessageHandler handler) override {
    return core_->set_handler(group, types, std::move(handler));
  }
  Subscription subscribe(INetworkManager::EventListener listener) override {
    return core_->subscribe(std::move(listener));
  }
  std::vector<NodeId> connected_nodes() const override { return core_->connected_nodes(); }
  bool is_connected(const NodeId& node) const override { return core_->is_connected(node); }
  NetworkMetrics metrics() const override { return core_->metrics(); }
  void close(INetworkManager::DoneHandler done) override { core_->close(std::move(done)); }

 private:
  std::shared_ptr<Runtime> runtime_;
  std::shared_ptr<NetworkCore> core_;
};

}  // namespace lockstep::transport
