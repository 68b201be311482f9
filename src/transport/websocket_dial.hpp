#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lockstep/runtime.hpp"
#include "transport/frame_stream.hpp"
#include "transport/websocket_carrier.hpp"
#include "transport/websocket_stream.hpp"

namespace lockstep::transport {

/// One attempt: resolve, connect, upgrade. It lives until its handler was called or it was given
/// up.
class WebSocketDial : public std::enable_shared_from_this<WebSocketDial> {
 public:
  /// Of a name's addresses, the one at `number` modulo their count is tried first: a dead one costs
  /// one attempt, not all.
  WebSocketDial(PeerAddress address, std::uint64_t number, std::string target, AsioStrand strand,
                SocketOptions options, std::shared_ptr<testing::WireFaults> faults,
                ICarrier::DialHandler handler);

  [[nodiscard]] const NodeId& node() const { return address_.node; }
  void start();
  void give_up();
  /// Keeps the timer that will start it.
  void hold(std::unique_ptr<Runtime::Timer> timer) { timer_ = std::move(timer); }

 private:
  using Tcp = boost::asio::ip::tcp;

  /// An error when a test wants the socket operation that is about to begin to fail.
  [[nodiscard]] std::error_code begin_operation();
  void resolve();
  void connect(const std::vector<Tcp::endpoint>& endpoints);
  void upgrade();
  void finish(const Error& error);

  PeerAddress address_;
  std::uint64_t number_;
  std::string target_;
  AsioStrand strand_;
  SocketOptions options_;
  std::shared_ptr<testing::WireFaults> faults_;
  ICarrier::DialHandler handler_;
  Tcp::resolver resolver_;
  TcpSocket socket_;
  std::shared_ptr<IWebSocketStream> stream_;
  std::unique_ptr<Runtime::Timer> timer_;
};

/// Not for the host's child processes. No delay for small frames, and few bytes in the kernels of
/// both ends: what waits there cannot be overtaken.
void tune(TcpSocket& socket, const SocketOptions& options);

}  // namespace lockstep::transport
