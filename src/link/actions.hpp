#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "link/handshake.hpp"
#include "link/local_node.hpp"
#include "lockstep/error.hpp"
#include "wire/hello.hpp"

namespace lockstep::link {

/// Open a transport to the peer's address; report `on_dialled` or `on_dial_failed`.
struct Dial {
  ConnectionId connection;
};
/// Queue a frame of the handshake.
struct Send {
  ConnectionId connection;
  std::variant<wire::Hello, wire::Ready> frame;
};
struct Ping {
  ConnectionId connection;
  std::uint64_t number = 0;
};
/// The handshake has ended here: application frames may pass.
struct Up {
  ConnectionId connection;
  Side side = Side::kDialler;
  BootNumber peer_boot;
  DialNumber dial;
};
/// No application frame is accepted or delivered any more. A `Close` of the same connection
/// follows, unless it is closed already.
struct Down {
  ConnectionId connection;
  Error reason;
};

enum class Ending : std::uint8_t {
  kDrop,      ///< at once; nothing is reported back
  kFarewell,  ///< what is queued is dropped, the last word sent, the transport closed in order
  kFlush,     ///< what is queued is sent first
};
/// After kFarewell and kFlush report `on_closed`; a kDrop follows if that takes too long.
struct Close {
  ConnectionId connection;
  Ending ending = Ending::kDrop;
  Error reason;
  std::variant<std::monostate, wire::Refusal, wire::Goodbye> last_word;
};

enum class FailureKind : std::uint8_t {
  kDial,       ///< no transport
  kHandshake,  ///< a transport, but no agreement
  kFrame,      ///< the peer sent what it may not
};
/// To be counted, logged and told.
struct Failed {
  FailureKind kind = FailureKind::kDial;
  Error error;
  /// It ended an attempt of this node to connect.
  bool attempt = false;
  /// The peer's word for what it saw, not what was seen here.
  bool told_by_peer = false;
};

using Action = std::variant<Dial, Send, Ping, Up, Down, Close, Failed>;
/// To be carried out in order.
using Actions = std::vector<Action>;

}  // namespace lockstep::link
