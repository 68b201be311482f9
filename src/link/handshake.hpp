#pragma once

#include <cstdint>
#include <optional>

#include "link/local_node.hpp"
#include "lockstep/error.hpp"
#include "wire/hello.hpp"

namespace lockstep::link {

enum class Side : std::uint8_t { kDialler, kAcceptor };

/// The handshake of one connection: dialler's HELLO, acceptor's HELLO, dialler's READY. Says what
/// may come when, and checks what the peer claims. Who is kept when there are two connections is
/// not its business.
class Handshake {
 public:
  enum class Phase : std::uint8_t {
    kOpening,  ///< the dialler's transport is not open yet
    kWaitHello,
    kJudging,    ///< the acceptor has a good HELLO and has not answered it
    kWaitReady,  ///< the acceptor has answered
    kDone,
  };

  Handshake(Side side, NodeId peer, DialNumber dial)
      : side_(side),
        phase_(side == Side::kDialler ? Phase::kOpening : Phase::kWaitHello),
        peer_(std::move(peer)),
        dial_(dial) {}

  [[nodiscard]] Side side() const { return side_; }
  [[nodiscard]] Phase phase() const { return phase_; }
  [[nodiscard]] bool done() const { return phase_ == Phase::kDone; }
  /// The dialler's number of this connection; the acceptor knows it from HELLO on.
  [[nodiscard]] DialNumber dial() const { return dial_; }
  /// From HELLO on.
  [[nodiscard]] BootNumber peer_boot() const { return peer_boot_; }
  [[nodiscard]] ClusterId peer_cluster() const { return peer_cluster_; }

  /// Dialler: the transport is open; send this.
  [[nodiscard]] wire::Hello open(const LocalNode& local);
  /// The error is the reason for the REFUSE that is due.
  [[nodiscard]] Result<> receive(const wire::Hello& hello, const LocalNode& local);
  /// Acceptor: the HELLO is answered with this.
  [[nodiscard]] wire::Hello accept(const LocalNode& local);
  /// Dialler, after a good HELLO: send this; then the handshake has ended here.
  [[nodiscard]] wire::Ready ready() const { return {protocol_, features_}; }
  [[nodiscard]] Result<> receive(const wire::Ready& ready);

 private:
  [[nodiscard]] Result<> check(const wire::Hello& hello, const LocalNode& local) const;
  [[nodiscard]] wire::Hello hello_of(const LocalNode& local) const;

  Side side_;
  Phase phase_;
  NodeId peer_;
  DialNumber dial_;
  BootNumber peer_boot_;
  ClusterId peer_cluster_;
  std::uint16_t protocol_ = 0;
  std::uint64_t features_ = 0;
};

}  // namespace lockstep::link
