#include "transport/link_driver.hpp"

#include <algorithm>
#include <utility>

#include "transport/overloaded.hpp"

namespace lockstep::transport {
namespace {

/// Connections that are not up, of strangers for the most part; beyond it the newest is dropped.
constexpr std::size_t kMaxHandshakes = 1024;
/// Connections in the name of one node: what stands, what is being made, what is being closed.
constexpr std::size_t kMaxConnectionsOfOneNode = 16;

void count_sent(const CounterPair& counters, const Outgoing& message, const Error& error) {
  if (error) return counters.add(&TrafficCounters::sends_failed, error);
  std::uint64_t payload = 0;
  for (const wire::OutgoingFrame& frame : *message.frames) payload += frame.payload_bytes;
  counters.add(&TrafficCounters::payload_bytes_sent, payload);
  counters.count_sent(message.type, message.frame_bytes);
}

}  // namespace

LinkDriver::LinkDriver(DriverOptions options, std::shared_ptr<Runtime> runtime,
                       std::shared_ptr<IExecutor> strand, std::shared_ptr<ICarrier> carrier,
                       std::shared_ptr<Notifier> notifier, Admission& admission)
    : options_(std::move(options)),
      runtime_(std::move(runtime)),
      strand_(std::move(strand)),
      carrier_(std::move(carrier)),
      notifier_(std::move(notifier)),
      admission_(admission) {
  options_.local.admit = [this](const wire::Hello& hello) { return judge(hello); };
}

LinkDriver::~LinkDriver() {
  // Only when the runtime has dropped the task that would have ended everything in order.
  for (auto& [id, connection] : connections_) {
    if (connection.session) connection.session->drop(Errc::kStopped);
  }
}

void LinkDriver::start(std::weak_ptr<void> keep) {
  keep_ = std::move(keep);
  carrier_->start({
      alive(std::function<void(NodeId, ICarrier::Stream)>(
          [this](const NodeId& node, ICarrier::Stream stream) {
            on_accepted(node, std::move(stream));
          })),
      alive(std::function<void(NodeId, Error)>(
          [this](const NodeId& node, const Error& error) { on_refused(node, error); })),
      alive(std::function<void(Error)>([this](const Error& error) {
        warn(LogLevel::kError, "listener: " + error.message);
        notifier_->emit(NetworkError{error});
      })),
  });
}

void LinkDriver::connect(const PeerAddress& address, DoneHandler done) {
  if (closing_) return notifier_->complete(done, Error(Errc::kStopped));
  Peer& peer = peer_of(address.node);
  complete_all(peer.waiting_for_end, Error{});
  const bool moved =
      !peer.address || peer.address->host != address.host || peer.address->port != address.port;
  peer.address = address;
  const bool begin = moved || !peer.link.configured() || !peer.link.attempting();
  if (peer.link.up()) {
    execute(peer, peer.link.configure(moment()));
    return notifier_->complete(done, Error{});
  }
  peer.waiting_for_up.push_back(std::move(done));
  if (begin) execute(peer, peer.link.configure(moment()));
}

void LinkDriver::disconnect(const NodeId& node, DoneHandler done) {
  if (closing_) return notifier_->complete(done, Error(Errc::kStopped));
  send_accepted();  // what was accepted before this call goes first
  Peer& peer = peer_of(node);
  peer.address.reset();
  peer.waiting_for_end.push_back(std::move(done));
  complete_all(peer.waiting_for_up, Errc::kCancelled);
  execute(peer, peer.link.forget(Error(Errc::kCancelled, "disconnected by the host"), moment()));
}

void LinkDriver::set_cluster(ClusterId cluster) {
  options_.local.cluster = cluster;
  for (const NodeId& node : nodes()) {
    Peer& peer = peers_.at(node);
    execute(peer, peer.link.on_cluster_set(moment()));
  }
}

void LinkDriver::send_accepted() {
  for (Admission::Accepted& accepted : admission_.take_inbox()) {
    const auto found = connections_.find(accepted.connection);
    const auto peer = peers_.find(accepted.peer);
    const bool up = peer != peers_.end() && peer->second.link.up() == accepted.connection;
    if (up && found != connections_.end()) {
      found->second.session->send(std::move(accepted.message));
    } else {
      finish_message(accepted.peer, std::move(accepted.message), Errc::kConnectionLost);
      tidy(accepted.peer);
    }
  }
}

void LinkDriver::close(DoneHandler done) {
  if (closed_) return notifier_->complete(done, Error{});
  waiting_for_close_.push_back(std::move(done));
  if (closing_) return;
  send_accepted();  // what was accepted before this call goes first
  carrier_->stop();
  for (const NodeId& node : nodes()) {
    Peer& peer = peers_.at(node);
    complete_all(peer.waiting_for_up, Errc::kStopped);
    execute(peer,
            peer.link.forget(Error(Errc::kStopped, "the node has closed its transport"), moment()));
  }
  closing_ = true;
  finish_if_closed();
}

void LinkDriver::abort() {
  if (!carrier_) return;
  closing_ = true;
  carrier_->stop();
  for (auto& [id, connection] : std::exchange(connections_, {})) {
    if (connection.give_up_dial) connection.give_up_dial();
    if (connection.session) connection.session->drop(Errc::kStopped);
  }
  send_accepted();
  for (auto& [node, peer] : peers_) complete_all(peer.waiting_for_up, Errc::kStopped);
  finish_if_closed();
  carrier_.reset();
  runtime_.reset();
}

void LinkDriver::finish_if_closed() {
  if (!closing_ || closed_ || !connections_.empty()) return;
  closed_ = true;
  send_accepted();
  for (auto& [node, peer] : std::exchange(peers_, {})) complete_all(peer.waiting_for_end, Error{});
  complete_all(waiting_for_close_, Error{});
}

void LinkDriver::on_accepted(const NodeId& node, ICarrier::Stream stream) {
  if (closing_) return stream->drop();
  if (handshakes_under_way() >= kMaxHandshakes ||
      connections_of(node) >= kMaxConnectionsOfOneNode) {
    stream->drop();
    return on_refused(node, Error(Errc::kOverloaded, "too many handshakes are under way"));
  }
  Peer& peer = peer_of(node);
  const link::ConnectionId id = options_.local.draw_connection_id();
  connections_[id] = {node, now(), {}, {}};
  execute(peer, peer.link.on_accepted(id, moment()));
  if (connections_.contains(id)) open_session(peer, id, std::move(stream));
}

void LinkDriver::on_refused(const NodeId& node, const Error& error) {
  TrafficCounters::count_reason(admission_.total().handshake_failures, error);
  warn(LogLevel::kWarning, "refused a connection" +
                               (node.is_none() ? "" : " in the name of " + node.str()) + ": " +
                               error.message);
  notifier_->emit(NetworkError{error});
}

void LinkDriver::on_dial_ended(link::ConnectionId id, Result<ICarrier::Stream> stream) {
  Peer* peer = find_peer(id);
  if (peer == nullptr) {
    if (stream) (*stream)->drop();
    return;
  }
  connections_[id].give_up_dial = {};
  if (!stream) {
    connections_.erase(id);
    return execute(*peer, peer->link.on_dial_failed(id, stream.error(), moment()));
  }
  open_session(*peer, id, std::move(*stream));
  execute(*peer, peer->link.on_dialled(id, moment()));
}

void LinkDriver::open_session(Peer& peer, link::ConnectionId id, ICarrier::Stream stream) {
  auto session = std::make_shared<Session>(
      id, std::move(stream), *this, options_.max_entry_bytes, counters(peer),
      [this, node = peer.id](Outgoing message, const Error& error) {
        finish_message(node, std::move(message), error);
      });
  connections_[id].session = session;
  session->start();
}

void LinkDriver::on_bytes(link::ConnectionId id) {
  if (Peer* peer = find_peer(id)) peer->link.on_bytes(id);
}

void LinkDriver::on_pong(link::ConnectionId id, std::uint64_t number) {
  Peer* peer = find_peer(id);
  if (peer == nullptr) return;
  if (const auto round_trip = peer->link.on_pong(id, number, now())) {
    peer->counters->record_round_trip(*round_trip);
    admission_.total().record_round_trip(*round_trip);
  }
}

bool LinkDriver::may_receive_messages(link::ConnectionId id) {
  const Peer* peer = find_peer(id);
  return peer != nullptr && peer->link.up() == id;
}

void LinkDriver::on_received(link::ConnectionId id, wire::Received received) {
  Peer* peer = find_peer(id);
  if (peer == nullptr) return;
  link::PeerLink& link = peer->link;
  std::visit(
      Overloaded{
          [](wire::PartTaken) {},
          [&](ReplicationMessage& message) { on_message(*peer, id, std::move(message)); },
          [&](const wire::Hello& hello) { execute(*peer, link.on_hello(id, hello, moment())); },
          [&](const wire::Ready& ready) { execute(*peer, link.on_ready(id, ready, moment())); },
          [&](const wire::Refusal& refusal) {
            execute(*peer, link.on_refusal(id, refusal, moment()));
          },
          [&](const wire::Goodbye& goodbye) {
            execute(*peer, link.on_goodbye(id, goodbye, moment()));
          },
      },
      received);
}

void LinkDriver::on_message(Peer& peer, link::ConnectionId id, ReplicationMessage&& message) {
  if (message.source_node != peer.id ||
      (message.target_node && *message.target_node != options_.local.node)) {
    return on_bad_frame(id, Error(Errc::kProtocolViolation, "a message between other nodes"));
  }
  // What the handler sends leaves before the next frame is read.
  admission_.expect_inbox();
  notifier_->deliver(std::move(message));
  send_accepted();
}

Result<> LinkDriver::judge(const wire::Hello& hello) {
  if (options_.admit) {
    Result<> judged;
    if (!notifier_->guarded([&] {
          judged = options_.admit({hello.node, hello.cluster, hello.boot});
        })) {
      return Error(Errc::kNodeBarred, "the host's policy failed");
    }
    if (!judged) return Error(Errc::kNodeBarred, judged.error().message);
  }
  if (!peer_of(hello.node).link.configured() &&
      other_unconfigured_peers(hello.node) >= options_.max_unconfigured_peers) {
    return Error(Errc::kOverloaded, "max_unconfigured_peers nodes are connected already");
  }
  return {};
}

void LinkDriver::on_bad_frame(link::ConnectionId id, const Error& error) {
  if (Peer* peer = find_peer(id)) execute(*peer, peer->link.on_bad_frame(id, error, moment()));
}

void LinkDriver::on_closed(link::ConnectionId id, const Error& error) {
  Peer* peer = find_peer(id);
  if (peer == nullptr) return;
  connections_.erase(id);
  execute(*peer, peer->link.on_closed(id, error, moment()));
}

void LinkDriver::on_timer(const NodeId& node, std::uint64_t number) {
  const auto found = peers_.find(node);
  if (found == peers_.end() || found->second.timer_number != number) return;
  found->second.timer.reset();
  found->second.timer_at.reset();
  execute(found->second, found->second.link.on_timer(moment()));
}

void LinkDriver::finish_message(const NodeId& node, Outgoing message, const Error& error) {
  if (message.is_message) {
    const auto traffic = admission_.release(node, message.budget_bytes);
    count_sent({*traffic, admission_.total()}, message, error);
  }
  notifier_->complete(message.done, error);
}

void LinkDriver::warn(LogLevel level, const std::string& text) {
  const auto left_out = log_limiter_.admit(now());
  if (!left_out) return;
  notifier_->log(level, *left_out == 0
                            ? text
                            : text + " (" + std::to_string(*left_out) + " lines were left out)");
}

link::Time LinkDriver::now() const { return runtime_->now().time_since_epoch(); }

link::Moment LinkDriver::moment() { return {now(), runtime_->random()}; }

LinkDriver::Peer& LinkDriver::peer_of(const NodeId& node) {
  const auto found = peers_.find(node);
  if (found != peers_.end()) return found->second;
  return peers_.try_emplace(node, options_.local, node, options_.link, admission_.counters(node))
      .first->second;
}

LinkDriver::Peer* LinkDriver::find_peer(link::ConnectionId id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return nullptr;
  const auto peer = peers_.find(found->second.peer);
  return peer == peers_.end() ? nullptr : &peer->second;
}

std::size_t LinkDriver::other_unconfigured_peers(const NodeId& node) const {
  return static_cast<std::size_t>(std::count_if(peers_.begin(), peers_.end(), [&](const auto& p) {
    const link::PeerLink& link = p.second.link;
    return p.first != node && !link.configured() && link.admitted();
  }));
}

std::size_t LinkDriver::connections_of(const NodeId& node) const {
  return static_cast<std::size_t>(
      std::count_if(connections_.begin(), connections_.end(),
                    [&](const auto& c) { return c.second.peer == node; }));
}

std::size_t LinkDriver::handshakes_under_way() const {
  std::size_t result = connections_.size();
  for (const auto& [node, peer] : peers_) result -= peer.link.up() ? 1 : 0;
  return result;
}

std::vector<NodeId> LinkDriver::nodes() const {
  std::vector<NodeId> result;
  for (const auto& [node, peer] : peers_) result.push_back(node);
  return result;
}

void LinkDriver::complete_all(std::vector<DoneHandler>& waiting, const Error& outcome) {
  for (const DoneHandler& done : std::exchange(waiting, {})) notifier_->complete(done, outcome);
}

void LinkDriver::arm(Peer& peer) {
  const std::optional<link::Time> due = peer.link.next_deadline();
  if (!due) {
    peer.timer.reset();
    peer.timer_at.reset();
    return;
  }
  // One that fires too early does no harm, and re-arming at each event would cost.
  if (peer.timer_at && *peer.timer_at <= *due) return;
  peer.timer_at = due;
  const link::Time current = now();
  peer.timer = runtime_->schedule(
      strand_, std::max(*due - current, link::Time{0}),
      alive(std::function<void()>(
          [this, node = peer.id, number = ++peer.timer_number] { on_timer(node, number); })));
}

void LinkDriver::tidy(const NodeId& node) {
  const auto found = peers_.find(node);
  if (found == peers_.end()) return admission_.drop_if_unused(node);
  if (connections_of(node) != 0) return;
  complete_all(found->second.waiting_for_end, Error{});
  if (!found->second.link.idle()) return;
  peers_.erase(found);
  admission_.drop_if_unused(node);
}

}  // namespace lockstep::transport
