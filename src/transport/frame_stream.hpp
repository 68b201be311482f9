#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "lockstep/buffer.hpp"
#include "lockstep/error.hpp"
#include "lockstep/network_manager.hpp"
#include "lockstep/types.hpp"
#include "wire/frame_encoder.hpp"

namespace lockstep::transport {

/// One connection that carries whole frames in order. All methods are called on the owner's strand;
/// all handlers run there, never inside the call that was given them.
class IFrameStream {
 public:
  using ReadHandler = std::function<void(Result<SharedBuffer>)>;
  using WriteHandler = std::function<void(Error)>;
  using Frames = std::span<const wire::OutgoingFrame* const>;
  struct Signals {
    /// Some bytes came, of whatever kind.
    std::function<void()> bytes;
    std::function<void(std::uint64_t number)> pong;
    /// Payload bytes of entries were copied on their way out.
    std::function<void(std::size_t bytes)> copied;
  };

  virtual ~IFrameStream() = default;
  virtual void set_signals(Signals signals) = 0;
  /// Until this is called, whoever is at the other end may be a stranger: a frame longer than those
  /// of the handshake is refused (kTooLarge) before memory is taken for it.
  virtual void allow_all_frames() {}
  /// The next frame. One at a time. Errors: kConnectionLost; kProtocolViolation, kTooLarge when the
  /// peer sent what no frame is.
  virtual void read(ReadHandler handler) = 0;
  /// In order. Completes when the operating system has taken every byte. One call at a time; the
  /// frames outlive it, the list of them does not.
  virtual void write(Frames frames, WriteHandler handler) = 0;
  /// Frames that are no longer than this together are best written in one call. 0: one frame a
  /// call.
  [[nodiscard]] virtual std::size_t write_together_bytes() const { return 0; }
  /// Dropped without a word when one is still on its way out.
  virtual void ping(std::uint64_t number) = 0;
  /// Ends the stream in order, after the last write; reading then ends with an error.
  virtual void close() = 0;
  /// Ends the stream at once. What is pending completes with an error, later.
  virtual void drop() = 0;
};

/// Opens and accepts streams. Used on one strand only.
class ICarrier {
 public:
  using Stream = std::shared_ptr<IFrameStream>;
  using DialHandler = std::function<void(Result<Stream>)>;
  struct Events {
    /// `peer` is what the other end claims to be.
    std::function<void(NodeId peer, Stream stream)> accepted;
    /// Somebody was sent away before a stream was there; `peer` is empty if unknown.
    std::function<void(NodeId peer, Error error)> refused;
    std::function<void(Error)> listener_failed;
  };

  virtual ~ICarrier() = default;
  virtual void start(Events events) = 0;
  /// Calls `handler` once, unless what it returns, which gives the attempt up, was called before.
  [[nodiscard]] virtual std::function<void()> dial(const PeerAddress& address,
                                                   DialHandler handler) = 0;
  /// No event and no handler runs from now on; what is half open is dropped.
  virtual void stop() = 0;
};

}  // namespace lockstep::transport
