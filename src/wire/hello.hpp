#pragma once

#include <cstdint>
#include <string>

#include "lockstep/buffer.hpp"
#include "lockstep/error.hpp"
#include "lockstep/types.hpp"
#include "wire/frame.hpp"

namespace lockstep::wire {

/// How a node proves who it is. Its number travels: append-only. Unknown ones pass the decoder;
/// refusing them is the link's decision.
enum class AuthenticationMethod : std::uint8_t { kNone = 0 };

/// Both ends introduce themselves; the acceptor's HELLO is also its acceptance.
struct Hello {
  static constexpr std::size_t kMaxAuthenticationBytes = 4096;

  std::uint16_t protocol_min = kProtocolMin;
  std::uint16_t protocol_max = kProtocolMax;
  std::uint64_t features = 0;
  /// None while uninitialised.
  ClusterId cluster;
  NodeId node;
  BootNumber boot;
  /// The dialler's number of this dial; in the acceptor's HELLO, the number that it answers.
  DialNumber dial;
  std::uint16_t lane = 0;
  AuthenticationMethod authentication = AuthenticationMethod::kNone;
  SharedBuffer authentication_bytes;
};

/// The dialler's last word: both ends have agreed. It repeats on what.
struct Ready {
  std::uint16_t protocol = kProtocolMax;
  std::uint64_t features = 0;
  friend bool operator==(const Ready&, const Ready&) = default;
};

/// Why a connection ends. The text travels as `plain_text` of at most `kMaxTextBytes`. The number
/// of the code may be one that this version does not know.
struct Farewell {
  static constexpr std::size_t kMaxTextBytes = 512;

  Errc code = Errc::kStopped;
  std::string text;
  friend bool operator==(const Farewell&, const Farewell&) = default;
};
/// Instead of HELLO or READY.
struct Refusal : Farewell {};
/// After the handshake, before an orderly close.
struct Goodbye : Farewell {};

}  // namespace lockstep::wire
