// What the links ask for, carried out.
#include <utility>

#include "transport/link_driver.hpp"
#include "transport/overloaded.hpp"

namespace lockstep::transport {
namespace {

Outgoing link_frame(wire::OutgoingFrame frame) {
  Outgoing result;
  result.frames = std::make_shared<const std::vector<wire::OutgoingFrame>>(1, std::move(frame));
  return result;
}

bool is_damage(const Error& error) {
  return error == Errc::kBadChecksum || error == Errc::kBadEntryDigest;
}

/// The range of codes that say what a peer sent.
bool is_bad_input(const Error& error) {
  return error.code.category() == lockstep_category() &&
         ((error.code.value() >= static_cast<int>(Errc::kBadMagic) &&
           error.code.value() <= static_cast<int>(Errc::kProtocolViolation)) ||
          error == Errc::kTooLarge);
}

}  // namespace

void LinkDriver::execute(Peer& peer, link::Actions actions) {
  const NodeId node = peer.id;
  for (const link::Action& action : actions) {
    std::visit([&](const auto& what) { carry_out(peer, what); }, action);
  }
  arm(peer);
  tidy(node);
  finish_if_closed();
}

void LinkDriver::carry_out(Peer& peer, const link::Dial& action) {
  connections_[action.connection] = {peer.id, now(), {}, {}};
  using DialEnded = std::function<void(Result<ICarrier::Stream>)>;
  auto give_up = carrier_->dial(
      *peer.address,
      alive(DialEnded([this, id = action.connection](Result<ICarrier::Stream> stream) {
        on_dial_ended(id, std::move(stream));
      })));
  connections_[action.connection].give_up_dial = std::move(give_up);
}

void LinkDriver::carry_out(Peer& peer, const link::Send& action) {
  const auto found = connections_.find(action.connection);
  if (found == connections_.end() || !found->second.session) return;
  const auto encode = Overloaded{
      [this](const wire::Hello& hello) { return encoder_.encode(hello); },
      [this](const wire::Ready& ready) {
        return Result<wire::OutgoingFrame>(encoder_.encode(ready));
      },
  };
  auto frame = std::visit(encode, action.frame);
  if (!frame) {
    notifier_->log(LogLevel::kError,
                   "cannot greet node " + peer.id.str() + ": " + frame.error().message);
    return;
  }
  found->second.session->send(link_frame(std::move(*frame)));
}

void LinkDriver::carry_out(Peer&, const link::Ping& action) {
  const auto found = connections_.find(action.connection);
  if (found != connections_.end() && found->second.session) {
    found->second.session->ping(action.number);
  }
}

void LinkDriver::carry_out(Peer& peer, const link::Up& action) {
  if (peer.counters->connections.load() > 0) counters(peer).add(&TrafficCounters::reconnects);
  counters(peer).add(&TrafficCounters::connections);
  const auto setup = now() - connections_[action.connection].begun;
  peer.counters->record_connection_setup(setup);
  admission_.total().record_connection_setup(setup);
  admission_.set_up(peer.id, action.connection, now());
  connections_[action.connection].session->allow_all_frames();
  notifier_->log(LogLevel::kDebug, "connected to node " + peer.id.str());
  const auto& local = options_.local;
  const bool dialled_here = action.side == link::Side::kDialler;
  notifier_->emit(NodeConnected{peer.id,
                                {dialled_here ? local.node : peer.id,
                                 dialled_here ? local.boot : action.peer_boot, action.dial}});
  complete_all(peer.waiting_for_up, Error{});
}

void LinkDriver::carry_out(Peer& peer, const link::Down& action) {
  admission_.set_down(peer.id);
  notifier_->log(LogLevel::kDebug,
                 "disconnected from node " + peer.id.str() + ": " + action.reason.message);
  notifier_->emit(NodeDisconnected{peer.id, action.reason});
}

void LinkDriver::carry_out(Peer&, const link::Close& action) {
  const auto found = connections_.find(action.connection);
  if (found == connections_.end()) return;
  if (action.ending != link::Ending::kDrop && found->second.session) {
    const auto encode = Overloaded{
        [](std::monostate) { return std::optional<Outgoing>(); },
        [this](const auto& word) { return std::optional(link_frame(encoder_.encode(word))); },
    };
    return found->second.session->finish(action.ending == link::Ending::kFlush,
                                         std::visit(encode, action.last_word), action.reason);
  }
  const Connection connection = std::move(found->second);
  connections_.erase(found);
  if (connection.give_up_dial) connection.give_up_dial();
  if (connection.session) connection.session->drop(action.reason);
}

void LinkDriver::carry_out(Peer& peer, const link::Failed& action) {
  count(peer, action);
  const std::string text = "node " + peer.id.str() + ": " + action.error.message;
  if (action.kind == link::FailureKind::kDial) {
    notifier_->log(LogLevel::kDebug, text);
  } else {
    warn(LogLevel::kWarning, text);
  }
  notifier_->emit(NodeError{peer.id, action.error});
  if (action.attempt) complete_all(peer.waiting_for_up, action.error);
}

void LinkDriver::count(const Peer& peer, const link::Failed& failure) {
  const CounterPair pair = counters(peer);
  if (failure.kind == link::FailureKind::kDial) return pair.add(&TrafficCounters::dials_failed);
  if (failure.kind == link::FailureKind::kHandshake) {
    pair.add(&TrafficCounters::handshake_failures, failure.error);
  }
  if (failure.told_by_peer) return;
  if (is_damage(failure.error)) {
    pair.add(&TrafficCounters::checksum_rejections);
  } else if (failure.kind == link::FailureKind::kFrame || is_bad_input(failure.error)) {
    pair.add(&TrafficCounters::protocol_errors);
  }
}

}  // namespace lockstep::transport
