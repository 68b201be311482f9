#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>

#include "transport/frame_stream.hpp"
#include "transport/upgrade.hpp"

namespace lockstep::testing {
class WireFaults;
}

namespace lockstep::transport {

/// An Asio strand, its type erased: handlers of what is made with it run there.
using AsioStrand = boost::asio::any_io_executor;
using TcpSocket = boost::asio::ip::tcp::socket;

struct SocketOptions {
  /// 0: the system's own.
  int receive_buffer_bytes = 0;
};

/// A WebSocket over a connected socket. Beast hides behind it: whoever uses Beast's WebSocket pays
/// nearly a minute and a gigabyte to the compiler, so that is one file for each kind of stream.
class IWebSocketStream : public IFrameStream {
 public:
  using OpenHandler = std::function<void(Error)>;
  using Inspect = std::function<UpgradeAnswer(const UpgradeRequest&)>;

  /// Reads the upgrade request and answers it as `inspect` says. Errors: kHandshakeRefused when
  /// that was no; kConnectionLost; kProtocolViolation.
  virtual void accept(Inspect inspect, OpenHandler handler) = 0;
  /// Asks for an upgrade. Errors: kHandshakeRefused with the peer's reason; kConnectionLost;
  /// kProtocolViolation.
  virtual void dial(const std::string& host, const std::string& target, OpenHandler handler) = 0;
  /// Whose faults to commit.
  virtual void set_peer(const NodeId& peer) = 0;
};

/// `faults` may be null.
[[nodiscard]] std::shared_ptr<IWebSocketStream> make_plain_websocket_stream(
    TcpSocket socket, std::shared_ptr<testing::WireFaults> faults);

}  // namespace lockstep::transport
