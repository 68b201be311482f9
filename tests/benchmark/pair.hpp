#pragma once

#include <functional>
#include <memory>
#include <string>

#include "lockstep/buffer.hpp"

namespace lockstep::benchmark {

/// One end of a connection, with an io thread of its own. All methods but `post` are called on that
/// thread, or while nothing is under way.
class IEnd {
 public:
  virtual ~IEnd() = default;
  /// What `send` sends from now on.
  virtual void use(const SharedBuffer& payload) = 0;
  /// `written` is called later, on the io thread, once the operating system has taken the message.
  virtual void send(std::function<void()> written) = 0;
  /// For every message, verified. Empty: nobody wants them.
  virtual void on_receive(std::function<void()> handler) = 0;
  /// Runs `task` on the io thread. For any thread.
  virtual void post(std::function<void()> task) = 0;
};

/// Two ends in this process, connected over loopback.
class IPair {
 public:
  virtual ~IPair() = default;
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual IEnd& dialler() = 0;
  [[nodiscard]] virtual IEnd& acceptor() = 0;
};

/// Messages behind their length, no hashing: what the machine can do.
[[nodiscard]] std::unique_ptr<IPair> make_raw_tcp_pair();
/// Binary WebSocket messages, each payload followed by its SHA-256, which the receiver checks.
[[nodiscard]] std::unique_ptr<IPair> make_beast_pair();
/// `WebSocketNetworkManager`: each payload is the data of one message.
[[nodiscard]] std::unique_ptr<IPair> make_lockstep_pair();
/// The same, each payload as a batch of entries of 256 B, hashed when they are made and on receipt.
[[nodiscard]] std::unique_ptr<IPair> make_lockstep_entries_pair();

}  // namespace lockstep::benchmark
