#include "transport/network_core.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <future>
#include <numeric>
#include <utility>

#include "base/byte_codec.hpp"
#include "lockstep/asio_runtime.hpp"

namespace lockstep::transport {
namespace {

/// Only for a host's executor that nobody runs any more.
constexpr std::chrono::seconds kMaxAbortWait{1};

/// What a queued frame costs besides its bytes: lists of pieces, control blocks, its handler.
constexpr std::size_t kFrameOverheadBytes = 512;

/// A destructor may wait for the strand, but not on a thread that the strand may need.
bool strand_runs_elsewhere(Runtime& runtime) {
  auto* asio_runtime = dynamic_cast<AsioRuntime*>(&runtime);
  if (asio_runtime == nullptr) return false;
  const auto executor = asio_runtime->io_executor();
  const auto* loop = executor.target<boost::asio::io_context::executor_type>();
  return loop != nullptr && !loop->running_in_this_thread() && !loop->context().stopped();
}

DriverOptions driver_options(const CoreOptions& options) {
  DriverOptions result;
  result.local.node = options.node;
  result.local.boot = options.boot;
  result.link = options.link;
  result.max_entry_bytes = options.max_entry_bytes;
  result.max_unconfigured_peers = options.max_unconfigured_peers;
  result.admit = options.admit;
  return result;
}

std::size_t bytes_of(const std::vector<wire::OutgoingFrame>& frames) {
  return std::accumulate(
      frames.begin(), frames.end(), std::size_t{0},
      [](std::size_t sum, const wire::OutgoingFrame& frame) { return sum + frame.size_bytes; });
}

std::size_t hashed_bytes_of(const std::vector<wire::OutgoingFrame>& frames) {
  return std::accumulate(frames.begin(), frames.end(), std::size_t{0},
                         [](std::size_t sum, const wire::OutgoingFrame& frame) {
                           return sum + frame.size_bytes - Digest::kBytes - frame.payload_bytes;
                         });
}

/// Collects the reports of one broadcast. The last one calls the host; each has a place of its own,
/// so they need no lock.
class BroadcastReports {
 public:
  BroadcastReports(std::size_t targets, INetworkManager::BroadcastHandler done)
      : reports_(targets), missing_(targets + 1), done_(std::move(done)) {}

  void set_node(std::size_t place, const NodeId& node) { reports_[place].node = node; }
  void report(std::size_t place, const Error& error) {
    reports_[place].error = error;
    arrive();
  }
  void arrive() {
    if (missing_.fetch_sub(1) == 1 && done_) done_(std::move(reports_));
  }

 private:
  std::vector<SendReport> reports_;
  std::atomic<std::size_t> missing_;
  INetworkManager::BroadcastHandler done_;
};

}  // namespace

NetworkCore::NetworkCore(const CoreOptions& options, std::shared_ptr<Runtime> runtime,
                         std::shared_ptr<IExecutor> strand, std::shared_ptr<ICarrier> carrier)
    : options_(options),
      runtime_(std::move(runtime)),
      strand_(std::move(strand)),
      notifier_(std::make_shared<Notifier>(options.log)),
      created_(runtime_->now()),
      message_id_prefix_(runtime_->random()),
      admission_(options.budgets),
      driver_(driver_options(options), runtime_, strand_, std::move(carrier), notifier_,
              admission_) {}

void NetworkCore::post(std::function<void(LinkDriver&)> task) {
  strand_->post([self = shared_from_this(), task = std::move(task)] { task(self->driver_); });
}

void NetworkCore::start() {
  post([weak = weak_from_this()](LinkDriver& driver) { driver.start(weak); });
}

Result<> NetworkCore::set_cluster(ClusterId cluster) {
  if (cluster.is_none()) return Error(Errc::kInvalidArgument, "the cluster id is empty");
  if (admission_.closed()) return Error(Errc::kStopped);
  {
    const std::lock_guard lock(cluster_mutex_);
    if (cluster_ == cluster) return {};
    if (!cluster_.is_none()) {
      return Error(Errc::kForeignCluster, "this node belongs to cluster " + to_string(cluster_));
    }
    cluster_ = cluster;
  }
  post([cluster](LinkDriver& driver) { driver.set_cluster(cluster); });
  return {};
}

ClusterId NetworkCore::cluster() const {
  const std::lock_guard lock(cluster_mutex_);
  return cluster_;
}

Result<> NetworkCore::check_target(const NodeId& node) const {
  if (!node.is_valid()) {
    return Error(Errc::kInvalidArgument, "\"" + node.str() + "\" is no node id");
  }
  if (node == options_.node) {
    return Error(Errc::kInvalidArgument, node.str() + " is this node itself");
  }
  return {};
}

Result<> NetworkCore::connect(const PeerAddress& peer, DoneHandler done) {
  if (auto checked = check_target(peer.node); !checked) return checked;
  if (!admission_.configure(peer.node)) return Error(Errc::kStopped);
  post([peer, done = std::move(done)](LinkDriver& driver) { driver.connect(peer, done); });
  return {};
}

Result<> NetworkCore::disconnect(const NodeId& node, DoneHandler done) {
  if (admission_.closed()) return Error(Errc::kStopped);
  if (!admission_.forget(node)) return Error(Errc::kNotConnected);
  post([node, done = std::move(done)](LinkDriver& driver) { driver.disconnect(node, done); });
  return {};
}

void NetworkCore::fill_in(ReplicationMessage& message) {
  message.source_node = options_.node;
  if (message.timestamp_ms == 0) message.timestamp_ms = runtime_->wall_clock_ms();
  if (message.message_id.is_none()) {
    MessageId::Bytes bytes{};
    store_le(bytes.data(), message_id_prefix_);
    store_le(bytes.data() + 8, last_message_id_.fetch_add(1) + 1);
    message.message_id = MessageId(bytes);
  }
}

Result<NetworkCore::Frames> NetworkCore::encode(const ReplicationMessage& message,
                                                const SharedBuffer& fields) {
  if (const auto* batch = std::get_if<EntryBatch>(&message.data)) {
    for (const Entry& entry : batch->entries) {
      if (entry.header.payload_bytes > options_.max_entry_bytes) {
        return Error(Errc::kTooLarge, "entry " + to_string(entry.header.index) + " has " +
                                          std::to_string(entry.header.payload_bytes) +
                                          " bytes; max_entry_bytes is " +
                                          std::to_string(options_.max_entry_bytes));
      }
    }
  }
  auto frames = encoders_.with_encoder([&](wire::FrameEncoder& encoder) {
    return fields.empty() ? encoder.encode(message) : encoder.encode(message, fields);
  });
  if (!frames) return frames.error();
  messages_encoded_.fetch_add(1, std::memory_order_relaxed);
  bytes_hashed_.fetch_add(hashed_bytes_of(*frames), std::memory_order_relaxed);
  return std::make_shared<const std::vector<wire::OutgoingFrame>>(std::move(*frames));
}

Result<> NetworkCore::accept(const NodeId& node, MessageType type, Frames frames,
                             DoneHandler done) {
  Outgoing outgoing;
  outgoing.frame_bytes = bytes_of(*frames);
  outgoing.budget_bytes = outgoing.frame_bytes + frames->size() * kFrameOverheadBytes;
  outgoing.frames = std::move(frames);
  outgoing.done = std::move(done);
  outgoing.is_message = true;
  outgoing.type = type;
  auto accepted = admission_.accept(node, std::move(outgoing));
  if (!accepted) return accepted.error();
  if (*accepted == Admission::Inbox::kWasEmpty)
    post([](LinkDriver& driver) { driver.send_accepted(); });
  return {};
}

Result<> NetworkCore::send_message(ReplicationMessage message, DoneHandler done) {
  if (!message.target_node) return Error(Errc::kInvalidArgument, "target_node is empty");
  const NodeId node = *message.target_node;
  if (auto checked = check_target(node); !checked) return checked;
  if (auto checked = admission_.check(node); !checked) return checked;
  fill_in(message);
  auto frames = encode(message, {});
  if (!frames) {
    admission_.count_refusal(node, frames.error());
    return frames.error();
  }
  return accept(node, message.type, std::move(*frames), std::move(done));
}

Result<> NetworkCore::broadcast_message(Broadcast broadcast,
                                        INetworkManager::BroadcastHandler done) {
  if (admission_.closed()) return Error(Errc::kStopped);
  ReplicationMessage& message = broadcast.message;
  message.target_node.reset();
  fill_in(message);
  if (broadcast.targets.empty()) {
    for (NodeId& node : admission_.connected_nodes())
      broadcast.targets.push_back({std::move(node), {}});
  }
  const auto same_for_all = [](const Broadcast::Target& target) { return target.fields.empty(); };
  const bool needs_shared =
      broadcast.targets.empty() ||
      std::any_of(broadcast.targets.begin(), broadcast.targets.end(), same_for_all);
  if (!needs_shared && !std::holds_alternative<EntryBatch>(message.data)) {
    return Error(Errc::kInvalidArgument, "fields per target need an entry batch");
  }
  Result<Frames> shared = needs_shared ? encode(message, {}) : Result<Frames>(Frames{});
  if (!shared && shared.error() == Errc::kInvalidArgument) return shared.error();

  auto reports = std::make_shared<BroadcastReports>(broadcast.targets.size(), std::move(done));
  for (std::size_t i = 0; i < broadcast.targets.size(); ++i) {
    const Broadcast::Target& target = broadcast.targets[i];
    reports->set_node(i, target.node);
    const auto attempt = [&]() -> Result<> {
      if (auto checked = check_target(target.node); !checked) return checked;
      if (auto checked = admission_.check(target.node); !checked) return checked;
      Result<Frames> frames = target.fields.empty() ? shared : encode(message, target.fields);
      if (!frames) {
        admission_.count_refusal(target.node, frames.error());
        return frames.error();
      }
      return accept(target.node, message.type, *frames,
                    [reports, i](const Error& error) { reports->report(i, error); });
    };
    if (auto accepted = attempt(); !accepted) reports->report(i, accepted.error());
  }
  post([reports, notifier = notifier_](LinkDriver&) {
    notifier->complete(std::function<void(int)>([&](int) { reports->arrive(); }), 0);
  });
  return {};
}

Result<Subscription> NetworkCore::set_handler(GroupId group, MessageTypeRange types,
                                              INetworkManager::MessageHandler handler) {
  if (admission_.closed()) return Error(Errc::kStopped);
  return notifier_->set_handler(group, types, std::move(handler));
}

Subscription NetworkCore::subscribe(INetworkManager::EventListener listener) {
  return listener ? notifier_->subscribe(std::move(listener)) : Subscription();
}

NetworkMetrics NetworkCore::metrics() const {
  const MonotonicTime now = runtime_->now();
  NetworkMetrics result = admission_.metrics(now.time_since_epoch());
  result.messages_encoded = messages_encoded_.load();
  result.bytes_hashed = bytes_hashed_.load();
  result.listener_exceptions = notifier_->exceptions();
  result.unhandled_messages = notifier_->unhandled_messages();
  result.uptime = now - created_;
  return result;
}

void NetworkCore::close(DoneHandler done) {
  admission_.close();
  post([done = std::move(done)](LinkDriver& driver) { driver.close(done); });
}

void NetworkCore::abort() {
  admission_.close();
  notifier_->mute();
  const bool may_wait = strand_runs_elsewhere(*runtime_);
  const auto ended = std::make_shared<std::promise<void>>();
  strand_->post([self = shared_from_this(), ended]() mutable {
    self->driver_.abort();
    // Behind whatever the streams have just posted.
    const auto strand = self->strand_;
    strand->post([self = std::move(self), ended]() mutable {
      self->runtime_.reset();
      self.reset();
      ended->set_value();
    });
  });
  if (may_wait) ended->get_future().wait_for(kMaxAbortWait);
}

}  // namespace lockstep::transport
