#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "lockstep/runtime.hpp"
#include "lockstep/testing/wire_faults.hpp"
#include "transport/frame_stream.hpp"
#include "transport/websocket_stream.hpp"

namespace lockstep::transport {

class WebSocketDial;

using TcpAcceptor = boost::asio::ip::tcp::acceptor;

/// Makes WebSockets: listens and upgrades, resolves, connects and asks for an upgrade.
class WebSocketCarrier final : public ICarrier,
                               public std::enable_shared_from_this<WebSocketCarrier> {
 public:
  struct Options {
    NodeId node;
    /// For the upgrade of an accepted connection.
    std::chrono::nanoseconds upgrade_timeout;
    SocketOptions socket;
    std::shared_ptr<testing::WireFaults> faults;
  };

  /// `strand` and `executor` are the same, as Asio and as the runtime see it. The acceptor listens
  /// already, or is closed: then the carrier only dials.
  WebSocketCarrier(Options options, std::shared_ptr<Runtime> runtime, AsioStrand strand,
                   std::shared_ptr<IExecutor> executor, TcpAcceptor acceptor)
      : options_(std::move(options)),
        runtime_(std::move(runtime)),
        strand_(std::move(strand)),
        executor_(std::move(executor)),
        acceptor_(std::move(acceptor)) {}

  void start(Events events) override;
  [[nodiscard]] std::function<void()> dial(const PeerAddress& address,
                                           DialHandler handler) override;
  void stop() override;

 private:
  /// Accepted, not upgraded yet.
  struct HalfOpen {
    std::shared_ptr<IWebSocketStream> stream;
    std::unique_ptr<Runtime::Timer> timer;
    NodeId peer;
  };

  void begin(const std::shared_ptr<WebSocketDial>& attempt);
  void accept_next();
  void on_accept(const boost::system::error_code& error, TcpSocket socket);
  void on_accepted(TcpSocket socket);
  void on_upgraded(std::uint64_t id, const Error& error);
  void end_half_open(std::uint64_t id);
  void hold_until_healed(std::uint64_t id);
  [[nodiscard]] std::unique_ptr<Runtime::Timer> after(std::chrono::nanoseconds delay,
                                                      std::function<void()> task);

  Options options_;
  std::shared_ptr<Runtime> runtime_;
  AsioStrand strand_;
  std::shared_ptr<IExecutor> executor_;
  TcpAcceptor acceptor_;
  Events events_;
  std::map<std::uint64_t, HalfOpen> half_open_;
  std::uint64_t last_half_open_ = 0;
  std::map<NodeId, std::uint64_t> dials_;  ///< so far
  std::unique_ptr<Runtime::Timer> accept_again_;
  bool stopped_ = false;
};

}  // namespace lockstep::transport
