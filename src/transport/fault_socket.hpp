#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/role.hpp>
#include <memory>
#include <utility>

#include "lockstep/testing/wire_faults.hpp"
#include "transport/websocket_stream.hpp"

namespace lockstep::transport {

/// The socket under a WebSocket, with a cable that a test may cut. While the peer is isolated, what
/// is written is swallowed and what comes is thrown away, pings and pongs included. Once bytes were
/// lost, the stream has a gap: after healing, the next operation fails.
class FaultSocket {
 public:
  using executor_type = TcpSocket::executor_type;
  using next_layer_type = TcpSocket;

  FaultSocket(TcpSocket socket, std::shared_ptr<testing::WireFaults> faults)
      : socket_(std::move(socket)), faults_(std::move(faults)) {}

  [[nodiscard]] executor_type get_executor() { return socket_.get_executor(); }
  [[nodiscard]] TcpSocket& next_layer() { return socket_; }
  [[nodiscard]] const TcpSocket& next_layer() const { return socket_; }
  void set_peer(const NodeId& peer) { peer_ = peer; }

  template <class Buffers, class Handler>
  auto async_read_some(const Buffers& buffers, Handler&& handler) {
    return boost::asio::async_compose<Handler, void(boost::system::error_code, std::size_t)>(
        [this, buffers, state = State::kStart](auto& self, boost::system::error_code error = {},
                                               std::size_t size = 0) mutable {
          if (state == State::kDone) return self.complete(error, 0);
          if (state == State::kReading && (error || !is_silent()))
            return self.complete(error, size);
          if (is_broken()) error = boost::asio::error::connection_reset;
          if (!error && state == State::kStart) error = begin_operation();
          if (error) {
            state = State::kDone;
            return boost::asio::post(get_executor(), [self = std::move(self), error]() mutable {
              self.complete(error, 0);
            });
          }
          state = State::kReading;
          const auto into = buffers;  // the original moves away with self
          socket_.async_read_some(into, std::move(self));
        },
        handler, socket_);
  }

  template <class Buffers, class Handler>
  auto async_write_some(const Buffers& buffers, Handler&& handler) {
    return boost::asio::async_compose<Handler, void(boost::system::error_code, std::size_t)>(
        [this, buffers, state = State::kStart](auto& self, boost::system::error_code error = {},
                                               std::size_t size = 0) mutable {
          if (state != State::kStart) return self.complete(error, size);
          state = State::kDone;
          error = begin_operation();
          if (is_broken()) error = boost::asio::error::connection_reset;
          if (!error && !is_silent()) {
            const auto from = buffers;  // the original moves away with self
            return socket_.async_write_some(from, std::move(self));
          }
          size = error ? 0 : boost::asio::buffer_size(buffers);
          boost::asio::post(get_executor(), [self = std::move(self), error, size]() mutable {
            self.complete(error, size);
          });
        },
        handler, socket_);
  }

 private:
  enum class State { kStart, kReading, kDone };

  [[nodiscard]] std::error_code begin_operation() {
    return faults_ ? faults_->begin_operation() : std::error_code();
  }
  /// Also notes that bytes are being lost.
  bool is_silent() {
    if (!faults_ || !faults_->is_isolated(peer_)) return false;
    return lost_ = true;
  }
  [[nodiscard]] bool is_broken() { return lost_ && !is_silent(); }

  TcpSocket socket_;
  std::shared_ptr<testing::WireFaults> faults_;
  NodeId peer_;
  bool lost_ = false;
};

// How Beast ends the layer under a WebSocket: our end, at once. Beast's own way then reads until
// the peer ends its own, and a hostile one never does.

inline void teardown(boost::beast::role_type, FaultSocket& socket,
                     boost::system::error_code& error) {
  socket.next_layer().shutdown(boost::asio::socket_base::shutdown_send, error);
}

template <class Handler>
void async_teardown(boost::beast::role_type role, FaultSocket& socket, Handler&& handler) {
  boost::system::error_code error;
  teardown(role, socket, error);
  boost::asio::post(socket.get_executor(),
                    boost::beast::bind_front_handler(std::forward<Handler>(handler), error));
}

}  // namespace lockstep::transport
