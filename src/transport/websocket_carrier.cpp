#include "transport/websocket_carrier.hpp"

#include <boost/asio/post.hpp>
#include <utility>

#include "transport/websocket_dial.hpp"

namespace lockstep::transport {
namespace {

/// Connections whose upgrade is under way; beyond it the oldest is dropped.
constexpr std::size_t kMaxHalfOpen = 256;
/// After an error of the listener itself, such as having run out of descriptors.
constexpr std::chrono::milliseconds kAcceptAgainAfter{100};
/// How often a test's cut cable is looked at.
constexpr std::chrono::milliseconds kCablePoll{10};

}  // namespace

std::unique_ptr<Runtime::Timer> WebSocketCarrier::after(std::chrono::nanoseconds delay,
                                                        std::function<void()> task) {
  return runtime_->schedule(executor_, delay, [weak = weak_from_this(), task = std::move(task)] {
    const auto self = weak.lock();
    if (self && !self->stopped_) task();
  });
}

void WebSocketCarrier::start(Events events) {
  events_ = std::move(events);
  if (acceptor_.is_open()) accept_next();
}

void WebSocketCarrier::accept_next() {
  const auto handler = [weak = weak_from_this()](const boost::system::error_code& error,
                                                 TcpSocket socket) {
    const auto self = weak.lock();
    if (self && !self->stopped_) self->on_accept(error, std::move(socket));
  };
  if (const auto failed =
          options_.faults ? options_.faults->begin_operation() : std::error_code{}) {
    boost::asio::post(strand_,
                      [handler, failed, strand = strand_] { handler(failed, TcpSocket(strand)); });
  } else {
    acceptor_.async_accept(handler);
  }
}

void WebSocketCarrier::on_accept(const boost::system::error_code& error, TcpSocket socket) {
  if (!error) {
    on_accepted(std::move(socket));
    return accept_next();
  }
  events_.listener_failed(Error(Errc::kListenFailed, "cannot accept: " + error.message()));
  accept_again_ = after(kAcceptAgainAfter, [this] { accept_next(); });
}

void WebSocketCarrier::on_accepted(TcpSocket socket) {
  if (half_open_.size() >= kMaxHalfOpen) {
    end_half_open(half_open_.begin()->first);
    events_.refused({}, Error(Errc::kOverloaded, "too many upgrades are under way"));
  }
  tune(socket, options_.socket);
  const std::uint64_t id = ++last_half_open_;
  auto stream = make_plain_websocket_stream(std::move(socket), options_.faults);
  HalfOpen& half_open = half_open_[id];
  half_open.stream = stream;
  half_open.timer = after(options_.upgrade_timeout, [this, id] {
    end_half_open(id);
    events_.refused({}, Error(Errc::kHandshakeTimedOut, "no upgrade request came in time"));
  });
  stream->accept(
      [weak = weak_from_this(), id, local = options_.node](const UpgradeRequest& request) {
        UpgradeAnswer answer = judge_upgrade(request, local);
        const auto self = weak.lock();
        const auto found = self ? self->half_open_.find(id) : decltype(self->half_open_.find(id)){};
        if (self && found != self->half_open_.end()) found->second.peer = answer.node;
        return answer;
      },
      [weak = weak_from_this(), id](const Error& error) {
        const auto self = weak.lock();
        if (self && !self->stopped_) self->on_upgraded(id, error);
      });
}

void WebSocketCarrier::on_upgraded(std::uint64_t id, const Error& error) {
  const auto found = half_open_.find(id);
  if (found == half_open_.end()) return;
  const NodeId peer = found->second.peer;
  if (error) {
    end_half_open(id);
    // Whoever leaves without a word, such as a port scanner or a dialler that gave way, is no news.
    if (error != Errc::kConnectionLost) events_.refused(peer, error);
    return;
  }
  if (options_.faults && options_.faults->is_isolated(peer)) return hold_until_healed(id);
  const auto stream = std::move(found->second.stream);
  half_open_.erase(found);
  events_.accepted(peer, stream);
}

void WebSocketCarrier::hold_until_healed(std::uint64_t id) {
  HalfOpen& half_open = half_open_.at(id);
  half_open.timer = after(kCablePoll, [this, id] {
    const auto found = half_open_.find(id);
    if (found == half_open_.end()) return;
    if (options_.faults->is_isolated(found->second.peer)) return hold_until_healed(id);
    end_half_open(id);
  });
}

void WebSocketCarrier::end_half_open(std::uint64_t id) {
  const auto found = half_open_.find(id);
  if (found == half_open_.end()) return;
  const HalfOpen ended = std::move(found->second);
  half_open_.erase(found);
  ended.stream->drop();
}

std::function<void()> WebSocketCarrier::dial(const PeerAddress& address, DialHandler handler) {
  const auto attempt = std::make_shared<WebSocketDial>(
      address, ++dials_[address.node], upgrade_target(options_.node), strand_, options_.socket,
      options_.faults, std::move(handler));
  begin(attempt);
  return [attempt] { attempt->give_up(); };
}

void WebSocketCarrier::begin(const std::shared_ptr<WebSocketDial>& attempt) {
  const bool cut = options_.faults && options_.faults->is_isolated(attempt->node());
  if (!cut) return attempt->start();
  // Over a cut cable dialling leads nowhere, until it is healed.
  attempt->hold(after(kCablePoll, [this, weak = std::weak_ptr(attempt)] {
    if (const auto held = weak.lock()) begin(held);
  }));
}

void WebSocketCarrier::stop() {
  stopped_ = true;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  accept_again_.reset();
  for (auto& [id, half_open] : std::exchange(half_open_, {})) half_open.stream->drop();
}

}  // namespace lockstep::transport
