#pragma once

#include <cstdint>
#include <functional>

#include "lockstep/error.hpp"
#include "lockstep/types.hpp"
#include "wire/hello.hpp"

namespace lockstep::link {

/// Names one connection within a process, for as long as the process lives.
using ConnectionId = StrongNumber<struct ConnectionTag>;

/// What this node says of itself in the handshake, and the numbers that all its links share.
struct LocalNode {
  NodeId node;
  BootNumber boot;
  /// None while uninitialised.
  ClusterId cluster;
  std::uint16_t protocol_min = wire::kProtocolMin;
  std::uint16_t protocol_max = wire::kProtocolMax;
  std::uint64_t features = 0;
  /// Whether a peer with this HELLO, good in itself, may come in. Empty: it may.
  std::function<Result<>(const wire::Hello&)> admit;

  [[nodiscard]] ConnectionId draw_connection_id() {
    return last_connection = last_connection.next();
  }
  /// Never the same twice, also towards a peer that was forgotten in between: the later dial wins.
  [[nodiscard]] DialNumber draw_dial_number() { return last_dial = last_dial.next(); }
  ConnectionId last_connection;
  DialNumber last_dial;
};

}  // namespace lockstep::link
