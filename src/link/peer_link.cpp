#include "link/peer_link.hpp"

#include <algorithm>
#include <utility>

namespace lockstep::link {

using Phase = Handshake::Phase;

Actions PeerLink::configure(Moment at) {
  configured_ = true;
  backoff_.reset();
  redial_at_.reset();
  if (Connection* attempt = own_attempt()) end(attempt->id, Ending::kDrop, Errc::kCancelled, at);
  if (held() == nullptr) dial(at);
  return settle(at);
}

Actions PeerLink::forget(const Error& reason, Moment at) {
  configured_ = false;
  redial_at_.reset();
  for (const ConnectionId id : ids()) {
    const Connection* connection = find_open(id);
    if (connection == nullptr) continue;
    const bool opening = connection->handshake.phase() == Phase::kOpening;
    end(id, opening ? Ending::kDrop : Ending::kFlush, reason, at);
  }
  return settle(at);
}

Actions PeerLink::on_cluster_set(Moment at) {
  for (const ConnectionId id : ids()) {
    const Connection* connection = find_open(id);
    if (connection == nullptr) continue;
    const ClusterId theirs = connection->handshake.peer_cluster();  // none before its HELLO
    if (!theirs.is_none() && theirs != local_.cluster) {
      end(id, Ending::kFarewell, Errc::kForeignCluster, at);
    }
  }
  return settle(at);
}

void PeerLink::dial(Moment at) {
  redial_at_.reset();
  const ConnectionId id = local_.draw_connection_id();
  connections_.push_back({id, Handshake(Side::kDialler, peer_, local_.draw_dial_number()),
                          KeepAlive(options_.ping_interval, options_.missed_pings),
                          at.now + options_.dial_timeout});
  actions_.push_back(Dial{id});
}

Actions PeerLink::on_dialled(ConnectionId id, Moment at) {
  Connection* connection = find_open(id);
  if (connection != nullptr && connection->handshake.phase() == Phase::kOpening) {
    connection->deadline = at.now + options_.handshake_timeout;
    actions_.push_back(Send{id, connection->handshake.open(local_)});
  }
  return settle(at);
}

Actions PeerLink::on_dial_failed(ConnectionId id, const Error& error, Moment at) {
  if (const Connection* connection = find_open(id)) {
    const bool answered = error == Errc::kHandshakeRefused || error == Errc::kProtocolViolation;
    fail(answered ? FailureKind::kHandshake : FailureKind::kDial, error, *connection);
    erase(id);
  }
  return settle(at);
}

Actions PeerLink::on_accepted(ConnectionId id, Moment at) {
  connections_.push_back({id, Handshake(Side::kAcceptor, peer_, DialNumber{}),
                          KeepAlive(options_.ping_interval, options_.missed_pings),
                          at.now + options_.handshake_timeout});
  return settle(at);
}

Actions PeerLink::on_closed(ConnectionId id, const Error& error, Moment at) {
  Connection* connection = find(id);
  if (connection == nullptr) return settle(at);
  if (!connection->closing) {
    if (up_ == id) {
      go_down(*connection, error, true, at);
    } else if (connection->handshake.side() == Side::kDialler) {
      fail(FailureKind::kDial, error, *connection);
    }
    // An acceptor says nothing of it: a dialler that gave way to the other dial ends like that.
  }
  erase(id);
  return settle(at);
}

Actions PeerLink::on_hello(ConnectionId id, const wire::Hello& hello, Moment at) {
  Connection* connection = find_open(id);
  if (connection == nullptr) return settle(at);
  if (auto received = connection->handshake.receive(hello, local_); !received) {
    if (received.error() == Errc::kProtocolViolation) {
      return on_bad_frame(id, received.error(), at);
    }
    fail(FailureKind::kHandshake, received.error(), *connection);
    end(id, Ending::kFarewell, received.error(), at);
    return settle(at);
  }
  if (connection->handshake.side() == Side::kAcceptor) {
    consider(id, at);
  } else {
    actions_.push_back(Send{id, connection->handshake.ready()});
    come_up(*connection, at);
  }
  return settle(at);
}

Actions PeerLink::on_ready(ConnectionId id, const wire::Ready& ready, Moment at) {
  Connection* connection = find_open(id);
  if (connection == nullptr) return settle(at);
  if (auto received = connection->handshake.receive(ready); !received) {
    return on_bad_frame(id, received.error(), at);
  }
  come_up(*connection, at);
  return settle(at);
}

Actions PeerLink::on_refusal(ConnectionId id, const wire::Refusal& refusal, Moment at) {
  const Connection* connection = find_open(id);
  if (connection == nullptr) return settle(at);
  if (connection->handshake.done()) {
    return on_bad_frame(id, Error(Errc::kProtocolViolation, "REFUSE after the handshake"), at);
  }
  const Error error(refusal.code, "refused by node " + peer_.str() + ": " + refusal.text);
  // Another connection to this peer is kept: nothing has failed.
  if (error != Errc::kDuplicateConnection) {
    fail(FailureKind::kHandshake, error, *connection);
    std::get<Failed>(actions_.back()).told_by_peer = true;
  }
  end(id, Ending::kDrop, error, at);
  return settle(at);
}

Actions PeerLink::on_goodbye(ConnectionId id, const wire::Goodbye& goodbye, Moment at) {
  Connection* connection = find_open(id);
  if (connection == nullptr) return settle(at);
  const Error error(Errc::kConnectionLost, "closed by node " + peer_.str() + ": " + goodbye.text);
  if (up_ != id) return on_bad_frame(id, Error(Errc::kProtocolViolation, "GOODBYE too early"), at);
  go_down(*connection, error, false, at);
  end(id, Ending::kFarewell, error, at);
  return settle(at);
}

Actions PeerLink::on_bad_frame(ConnectionId id, const Error& error, Moment at) {
  const Connection* connection = find_open(id);
  if (connection == nullptr) return settle(at);
  fail(connection->handshake.done() ? FailureKind::kFrame : FailureKind::kHandshake, error,
       *connection);
  end(id, Ending::kFarewell, error, at);
  return settle(at);
}

void PeerLink::consider(ConnectionId id, Moment at) {
  const Connection* incoming = find(id);
  if (const Connection* kept = held()) {
    const auto contender = [](const Connection& c) {
      return Contender{c.handshake.side(), c.handshake.peer_boot(), c.handshake.dial()};
    };
    const ConnectionId kept_id = kept->id;
    switch (judge(local_.node, peer_, contender(*kept), contender(*incoming))) {
      case Verdict::kRefuseDuplicate:
        return refuse(id, kept_id, Errc::kDuplicateConnection, at);
      case Verdict::kRefuseSuperseded:
        return refuse(id, kept_id, Errc::kSuperseded, at);
      case Verdict::kReplace:
        end(kept_id, Ending::kDrop,
            Error(Errc::kSuperseded, "node " + peer_.str() + " has dialled anew"), at);
        return accept(id, at);
    }
  }
  if (const Connection* attempt = own_attempt()) {
    const bool answer_due = attempt->handshake.phase() == Phase::kWaitHello;
    if (answer_due && local_.node < peer_) return;  // judged when our own dial has its answer
    end(attempt->id, Ending::kDrop, Errc::kDuplicateConnection, at);
  }
  accept(id, at);
}

void PeerLink::accept(ConnectionId id, Moment at) {
  redial_at_.reset();
  Connection* connection = find(id);
  connection->deadline = at.now + options_.handshake_timeout;
  actions_.push_back(Send{id, connection->handshake.accept(local_)});
}

void PeerLink::refuse(ConnectionId id, ConnectionId kept, Errc code, Moment at) {
  if (code == Errc::kSuperseded) {
    fail(FailureKind::kHandshake,
         Error(code, "node " + peer_.str() + " dialled with an old boot number"), *find(id));
  }
  end(id, Ending::kFarewell, code, at);
  // Perhaps the peer dials because it has lost the connection that is kept here: a ping finds out.
  if (up_ == kept) {
    actions_.push_back(Ping{kept, find(kept)->keep_alive.ping_sent(at.now)});
  }
}

void PeerLink::come_up(Connection& connection, Moment at) {
  connection.up_since = at.now;
  connection.keep_alive.start(at.now);
  up_ = connection.id;
  redial_at_.reset();
  redial_at_once_ = false;
  const Handshake& handshake = connection.handshake;
  actions_.push_back(Up{connection.id, handshake.side(), handshake.peer_boot(), handshake.dial()});
}

void PeerLink::go_down(Connection& connection, const Error& reason, bool lost, Moment at) {
  up_.reset();
  actions_.push_back(Down{connection.id, reason});
  // A connection that lasted was a good one: the pauses start small again, and after a loss there
  // is none, so that a restarted or refusing peer is noticed at once, and connections that are
  // reset again and again are there again each time. A loss is nobody's will, so it is enough to
  // have outlasted the pause before; who closes in order, or is closed, has a reason that remains.
  const auto lasted = at.now - connection.up_since;
  if (lasted >= (lost ? backoff_.longest() : options_.redial_max)) {
    backoff_.reset();
    redial_at_once_ = lost;
  }
}

void PeerLink::end(ConnectionId id, Ending ending, const Error& reason, Moment at) {
  Connection* connection = find(id);
  if (up_ == id) go_down(*connection, reason, ending == Ending::kDrop, at);
  Close close{id, ending, reason, {}};
  if (ending != Ending::kDrop && reason != Errc::kConnectionLost) {
    const wire::Farewell word{static_cast<Errc>(reason.code.value()), reason.message};
    const Phase phase = connection->handshake.phase();
    // The peer that has our HELLO may have ended the handshake already.
    if (phase == Phase::kDone || phase == Phase::kWaitReady) {
      close.last_word = wire::Goodbye{word};
    } else {
      close.last_word = wire::Refusal{word};
    }
  }
  actions_.push_back(std::move(close));
  if (ending == Ending::kDrop) return erase(id);
  connection->closing = true;
  connection->deadline = at.now + options_.close_timeout;
}

void PeerLink::fail(FailureKind kind, const Error& error, const Connection& connection) {
  const bool attempt = connection.handshake.side() == Side::kDialler && up_ != connection.id;
  actions_.push_back(Failed{kind, error, attempt, false});
}

Actions PeerLink::settle(Moment at) {
  for (const ConnectionId id : ids()) {
    const Connection* connection = find_open(id);
    if (connection != nullptr && connection->handshake.phase() == Phase::kJudging) {
      consider(id, at);
    }
  }
  if (configured_ && !redial_at_ && held() == nullptr && own_attempt() == nullptr) {
    const bool at_once = std::exchange(redial_at_once_, false);
    redial_at_ = at_once ? at.now : at.now + backoff_.next(at.random);
  }
  return std::exchange(actions_, {});
}

Actions PeerLink::on_timer(Moment at) {
  for (const ConnectionId id : ids()) {
    if (up_ == id) {
      on_tick(id, at);
    } else if (const Connection* connection = find(id);
               connection != nullptr && at.now >= connection->deadline) {
      on_deadline(id, at);
    }
  }
  if (redial_at_ && at.now >= *redial_at_) dial(at);
  return settle(at);
}

void PeerLink::on_deadline(ConnectionId id, Moment at) {
  const Connection& connection = *find(id);
  if (connection.closing) {
    actions_.push_back(Close{id, Ending::kDrop, Errc::kTimedOut, {}});
    return erase(id);
  }
  if (connection.handshake.phase() == Phase::kOpening) {
    const Error error(Errc::kTimedOut, "dialling node " + peer_.str() + " timed out");
    fail(FailureKind::kDial, error, connection);
    return end(id, Ending::kDrop, error, at);
  }
  const Error error(Errc::kHandshakeTimedOut,
                    "node " + peer_.str() + " did not end the handshake in time");
  fail(FailureKind::kHandshake, error, connection);
  end(id, Ending::kFarewell, error, at);
}

void PeerLink::on_tick(ConnectionId id, Moment at) {
  Connection& connection = *find(id);
  switch (connection.keep_alive.on_timer(at.now)) {
    case KeepAlive::Verdict::kTooEarly:
      return;
    case KeepAlive::Verdict::kPing:
      actions_.push_back(Ping{id, connection.keep_alive.ping_sent(at.now)});
      return;
    case KeepAlive::Verdict::kDead:
      return end(id, Ending::kDrop,
                 Error(Errc::kKeepAliveTimedOut,
                       "nothing has come from node " + peer_.str() + " for " +
                           std::to_string(options_.missed_pings) + " keep-alive intervals"),
                 at);
  }
}

void PeerLink::on_bytes(ConnectionId id) {
  if (up_ != id) return;
  find(id)->keep_alive.on_bytes();
}

std::optional<std::chrono::nanoseconds> PeerLink::on_pong(ConnectionId id, std::uint64_t number,
                                                          Time now) {
  if (up_ != id) return std::nullopt;
  Connection* connection = find(id);
  connection->keep_alive.on_bytes();
  return connection->keep_alive.pong(number, now);
}

std::optional<Time> PeerLink::next_deadline() const {
  std::optional<Time> next = redial_at_;
  for (const Connection& connection : connections_) {
    const std::optional<Time> due =
        up_ == connection.id ? connection.keep_alive.next_tick() : connection.deadline;
    if (due && (!next || *due < *next)) next = due;
  }
  return next;
}

bool PeerLink::attempting() const {
  return std::any_of(connections_.begin(), connections_.end(), [this](const Connection& c) {
    return !c.closing && up_ != c.id &&
           (c.handshake.side() == Side::kDialler || c.handshake.phase() == Phase::kWaitReady);
  });
}

bool PeerLink::admitted() const {
  return up_ || std::any_of(connections_.begin(), connections_.end(), [](const Connection& c) {
           return !c.closing && c.handshake.phase() == Phase::kWaitReady;
         });
}

PeerLink::Connection* PeerLink::find(ConnectionId id) {
  const auto found = std::find_if(connections_.begin(), connections_.end(),
                                  [id](const Connection& c) { return c.id == id; });
  return found == connections_.end() ? nullptr : &*found;
}

PeerLink::Connection* PeerLink::find_open(ConnectionId id) {
  Connection* connection = find(id);
  return connection != nullptr && !connection->closing ? connection : nullptr;
}

PeerLink::Connection* PeerLink::own_attempt() {
  for (Connection& connection : connections_) {
    if (!connection.closing && connection.handshake.side() == Side::kDialler &&
        !connection.handshake.done()) {
      return &connection;
    }
  }
  return nullptr;
}

PeerLink::Connection* PeerLink::held() {
  if (up_) return find(*up_);
  for (Connection& connection : connections_) {
    if (!connection.closing && connection.handshake.phase() == Phase::kWaitReady) {
      return &connection;
    }
  }
  return nullptr;
}

std::vector<ConnectionId> PeerLink::ids() const {
  std::vector<ConnectionId> result;
  result.reserve(connections_.size());
  for (const Connection& connection : connections_) result.push_back(connection.id);
  return result;
}

void PeerLink::erase(ConnectionId id) {
  std::erase_if(connections_, [id](const Connection& c) { return c.id == id; });
}

}  // namespace lockstep::link
