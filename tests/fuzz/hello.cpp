// Input: one byte (who is the smaller node), then the events of a link to one peer: what the host
// wants, what the network does, and link frames with bodies of the input's under a good checksum.
// The frames go through decoder and link; what the link asks for must make sense to its driver.
#include <map>
#include <optional>

#include "base/byte_codec.hpp"
#include "frames.hpp"
#include "link/peer_link.hpp"
#include "property.hpp"
#include "wire/frame_encoder.hpp"
#include "wire/raw_frame.hpp"

using namespace lockstep;  // NOLINT

namespace {

using fuzz::require;
using link::ConnectionId;

constexpr std::size_t kMaxConnections = 8;
constexpr std::size_t kMaxEvents = 100;

ClusterId cluster_of(std::uint8_t number) {
  ClusterId::Bytes bytes{};
  bytes[0] = number % 3;
  return ClusterId(bytes);
}

/// What a driver does and keeps, as far as it takes to see that the link's actions make sense.
class Driver {
 public:
  explicit Driver(bool is_smaller) : peer_(is_smaller ? "z" : "a"), link_(local_, peer_, {}) {}

  void take_event(ByteReader& in) {
    const std::uint8_t event = in.u8();
    switch (event % 12) {
      case 0:
        configured_ = true;
        return execute(link_.configure(moment(in)));
      case 1:
        configured_ = false;
        return execute(link_.forget(Errc::kCancelled, moment(in)));
      case 2:
        local_.cluster = cluster_of(in.u8());
        return execute(link_.on_cluster_set(moment(in)));
      case 3:
        return on_dial_ended(in);
      case 4:
        return on_accepted(in);
      case 5:
        return on_closed(in);
      case 6:
        return on_time(in);
      case 7:
        return on_ping(in);
      default:
        return on_frame(event % 12, in);
    }
  }

  void check() const {
    require(link_.up() == up_, "a link is up between Up and Down");
    require(link_.configured() == configured_, "a link knows whether it is wanted");
    require(link_.idle() == (!configured_ && connections_.empty()), "a link knows its connections");
    const bool waits = !connections_.empty() || configured_;
    require(link_.next_deadline().has_value() == waits, "whatever is under way has a deadline");
  }

 private:
  struct Connection {
    enum class State { kDialling, kOpen, kClosing };
    State state = State::kDialling;
    bool dialled = false;
    bool sent_hello = false;
    bool got_hello = false;
    bool got_ready = false;
    DialNumber dial;
    wire::FrameDecoder decoder{fuzz::kEntryLimit};
  };
  using State = Connection::State;

  link::Moment moment(ByteReader& in) {
    now_ += std::chrono::milliseconds(in.u8());
    return {now_, in.u8() * UINT64_C(0x0101010101010101)};
  }
  Connection* pick(ByteReader& in, ConnectionId* id) {
    if (connections_.empty()) return nullptr;
    auto found = connections_.begin();
    std::advance(found, in.u8() % connections_.size());
    *id = found->first;
    return &found->second;
  }

  void on_dial_ended(ByteReader& in) {
    ConnectionId id;
    Connection* connection = pick(in, &id);
    if (connection == nullptr || connection->state != State::kDialling) return;
    const std::uint8_t outcome = in.u8();
    if (outcome % 4 != 0) {
      connection->state = State::kOpen;
      return execute(link_.on_dialled(id, moment(in)));
    }
    connections_.erase(id);
    const Errc code = outcome % 8 == 0 ? Errc::kConnectionRefused : Errc::kHandshakeRefused;
    execute(link_.on_dial_failed(id, Error(code), moment(in)));
  }
  void on_accepted(ByteReader& in) {
    if (connections_.size() >= kMaxConnections) return;
    const ConnectionId id = local_.draw_connection_id();
    connections_[id].state = State::kOpen;
    execute(link_.on_accepted(id, moment(in)));
  }
  void on_closed(ByteReader& in) {
    ConnectionId id;
    const Connection* connection = pick(in, &id);
    if (connection == nullptr || connection->state == State::kDialling) return;
    connections_.erase(id);
    execute(link_.on_closed(id, Errc::kConnectionLost, moment(in)));
    require(!connections_.contains(id), "nothing is asked of a connection that is gone");
  }
  void on_time(ByteReader& in) {
    const auto deadline = link_.next_deadline();
    if (deadline && in.u8() % 2 == 0) now_ = std::max(now_, *deadline);
    execute(link_.on_timer(moment(in)));
    // A loss may be followed by a dial at once, and that by none.
    for (int again = 0; link_.next_deadline() && *link_.next_deadline() <= now_; ++again) {
      require(again < 3, "time does not stand still");
      execute(link_.on_timer({now_, 0}));
    }
  }
  void on_ping(ByteReader& in) {
    ConnectionId id;
    if (pick(in, &id) == nullptr) return;
    link_.on_bytes(id);
    (void)link_.on_pong(id, in.u8(), now_);
  }

  void on_frame(int what, ByteReader& in) {
    ConnectionId id;
    Connection* connection = pick(in, &id);
    if (connection == nullptr || connection->state == State::kDialling) return;
    wire::RawFrame frame;
    switch (what) {
      case 8:
        frame = link_frame(in.u8() % 6, in.raw(std::min<std::size_t>(in.u8(), in.remaining())));
        break;
      case 9:
        frame = likely_hello(*connection, in);
        break;
      case 10:
        frame = likely_ready(in);
        break;
      default:
        frame = farewell(in);
        break;
    }
    const SharedBuffer bytes = SharedBuffer::adopt(frame.bytes());
    (void)fuzz::check_frame(bytes);
    // Nothing is read from a connection that is closing.
    if (connection->state == State::kOpen) receive(id, *connection, bytes, moment(in));
  }
  static wire::RawFrame link_frame(std::uint16_t type, ByteSpan body) {
    wire::RawFrame frame;
    frame.type = type;
    frame.kind = 0;
    frame.source.clear();
    frame.target.clear();
    frame.group = 0;
    frame.message_id = wire::Bytes(16);
    frame.timestamp_ms = 0;
    frame.fields.assign(body.begin(), body.end());
    return frame;
  }
  wire::RawFrame likely_hello(const Connection& connection, ByteReader& in) const {
    const std::uint8_t oddity = in.u8();
    ByteWriter body;
    body.u16(oddity == 1 ? 2 : 1);
    body.u16(oddity == 2 ? 0 : 2);
    body.u64(in.u8());
    body.id(cluster_of(in.u8()));
    body.short_text(oddity == 3 ? "m" : oddity == 4 ? "" : peer_.str());
    body.u64(in.u8());
    body.u64(connection.dialled && oddity != 5 ? connection.dial.value() : in.u8());
    body.u16(oddity == 6 ? 1 : 0);
    body.u8(oddity == 7 ? 1 : 0);
    body.sized(as_bytes(oddity == 8 ? "proof" : ""));
    return link_frame(1, body.bytes());
  }
  static wire::RawFrame likely_ready(ByteReader& in) {
    const std::uint8_t oddity = in.u8();
    ByteWriter body;
    body.u16(oddity == 1 ? 2 : 1);
    body.u64(oddity == 2 ? 1 : 0);
    return link_frame(2, body.bytes());
  }
  static wire::RawFrame farewell(ByteReader& in) {
    const std::uint8_t type = in.u8();
    ByteWriter body;
    body.u16(in.u8());
    body.sized(in.raw(std::min<std::size_t>(in.u8() % 32, in.remaining())));
    return link_frame(type % 2 == 0 ? 3 : 4, body.bytes());
  }

  void receive(ConnectionId id, Connection& connection, const SharedBuffer& frame,
               link::Moment at) {
    auto received = connection.decoder.decode(frame);
    if (!received) {
      fuzz::require_bad_input(received.error());
      execute(link_.on_bad_frame(id, received.error(), at));
      return require(is_ending(id), "a bad frame ends its connection");
    }
    if (const auto* hello = std::get_if<wire::Hello>(&*received)) {
      const bool repeated = connection.got_hello;
      connection.got_hello = true;
      execute(link_.on_hello(id, *hello, at));
      require(!repeated || is_ending(id), "a second HELLO ends its connection");
    } else if (const auto* ready = std::get_if<wire::Ready>(&*received)) {
      const bool due = !connection.dialled && connection.sent_hello && !connection.got_ready;
      connection.got_ready = true;
      execute(link_.on_ready(id, *ready, at));
      require(due || is_ending(id), "READY where none is due ends its connection");
    } else if (const auto* refusal = std::get_if<wire::Refusal>(&*received)) {
      execute(link_.on_refusal(id, *refusal, at));
      require(is_ending(id), "REFUSE ends its connection");
    } else if (const auto* goodbye = std::get_if<wire::Goodbye>(&*received)) {
      execute(link_.on_goodbye(id, *goodbye, at));
      require(is_ending(id), "GOODBYE ends its connection");
    }
  }
  [[nodiscard]] bool is_ending(ConnectionId id) const {
    const auto found = connections_.find(id);
    return found == connections_.end() || found->second.state == State::kClosing;
  }

  void execute(const link::Actions& actions) {
    for (const link::Action& action : actions) {
      std::visit([this](const auto& what) { carry_out(what); }, action);
    }
  }
  Connection& known(ConnectionId id) {
    const auto found = connections_.find(id);
    require(found != connections_.end(), "an action names a connection that is there");
    return found->second;
  }

  void carry_out(const link::Dial& dial) {
    require(configured_, "only a peer that is wanted is dialled");
    require(!connections_.contains(dial.connection), "a dial is a new connection");
    connections_[dial.connection].dialled = true;
  }
  void carry_out(const link::Send& send) {
    Connection& connection = known(send.connection);
    require(connection.state == State::kOpen, "greetings go over an open connection");
    wire::FrameEncoder encoder;
    if (const auto* hello = std::get_if<wire::Hello>(&send.frame)) {
      require(!connection.sent_hello, "HELLO is said once");
      require(connection.dialled || connection.got_hello, "the dialler says HELLO first");
      connection.sent_hello = true;
      connection.dial = hello->dial;
      require(encoder.encode(*hello).has_value(), "our HELLO can be said");
    } else {
      require(connection.dialled && connection.got_hello, "READY answers HELLO");
      connection.got_ready = true;
    }
  }
  void carry_out(const link::Ping& ping) {
    require(up_ == ping.connection, "only a connection that is up is pinged");
  }
  void carry_out(const link::Up& up) {
    const Connection& connection = known(up.connection);
    require(!up_, "one connection is up at a time");
    require(connection.state == State::kOpen && connection.sent_hello && connection.got_hello &&
                connection.got_ready,
            "a connection is up after its handshake");
    up_ = up.connection;
  }
  void carry_out(const link::Down& down) {
    require(up_ == down.connection, "what goes down was up");
    require(static_cast<bool>(down.reason), "a connection goes down for a reason");
    up_.reset();
  }
  void carry_out(const link::Close& close) {
    Connection& connection = known(close.connection);
    require(up_ != close.connection, "Down comes before Close");
    require(static_cast<bool>(close.reason), "a connection is closed for a reason");
    if (close.ending == link::Ending::kDrop) {
      connections_.erase(close.connection);
      return;
    }
    require(connection.state == State::kOpen, "an open connection is closed in order, once");
    connection.state = State::kClosing;
    check_last_word(close);
  }
  static void check_last_word(const link::Close& close) {
    wire::FrameEncoder encoder;
    std::optional<wire::OutgoingFrame> frame;
    if (const auto* refusal = std::get_if<wire::Refusal>(&close.last_word)) {
      frame = encoder.encode(*refusal);
    } else if (const auto* goodbye = std::get_if<wire::Goodbye>(&close.last_word)) {
      frame = encoder.encode(*goodbye);
    }
    if (!frame) return;
    const auto received = fuzz::check_frame(SharedBuffer::adopt(wire::flatten(*frame)));
    require(received.has_value(), "the last word is understood");
  }
  void carry_out(const link::Failed& failed) {
    require(static_cast<bool>(failed.error), "what failed has an error");
  }

  NodeId peer_;
  link::LocalNode local_ = [] {
    link::LocalNode node;
    node.node = NodeId("m");
    node.boot = BootNumber(7);
    return node;
  }();
  link::PeerLink link_;
  link::Time now_{0};
  bool configured_ = false;
  std::map<ConnectionId, Connection> connections_;
  std::optional<ConnectionId> up_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader reader(ByteSpan(data, size));
  Driver driver(reader.u8() % 2 == 0);
  for (std::size_t event = 0; event < kMaxEvents && reader.remaining() > 0; ++event) {
    driver.take_event(reader);
    driver.check();
  }
  return 0;
}
