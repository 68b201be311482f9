#pragma once

#include <sys/uio.h>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/buffers_iterator.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/role.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lockstep/testing/wire_faults.hpp"
#include "transport/websocket_stream.hpp"

namespace lockstep::transport {

/// The socket under a WebSocket, through which every byte of a connection passes, with a cable that
/// a test may cut. While the peer is isolated, what is written is swallowed and what comes is
/// thrown away, pings and pongs included. Once bytes were lost, the stream has a gap: after
/// healing, the next operation fails.
///
/// Two write to it: Beast (the upgrade, pongs, the close) and the owner of the stream (messages).
/// Each write leaves as a whole before the next begins.
class FaultSocket {
 public:
  using executor_type = TcpSocket::executor_type;
  using next_layer_type = TcpSocket;
  using WriteHandler = std::function<void(const boost::system::error_code&)>;

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

  /// Beast's. Writes all.
  template <class Buffers, class Handler>
  auto async_write_some(const Buffers& buffers, Handler&& handler) {
    return boost::asio::async_initiate<Handler, void(boost::system::error_code, std::size_t)>(
        [this](auto completion, const Buffers& from) {
          const std::size_t size = boost::asio::buffer_size(from);
          if (hold_back(from)) {
            return boost::asio::post(get_executor(),
                                     boost::beast::bind_front_handler(
                                         std::move(completion), boost::system::error_code(), size));
          }
          std::vector<iovec> pieces;
          const auto end = boost::asio::buffer_sequence_end(from);
          for (auto it = boost::asio::buffer_sequence_begin(from); it != end; ++it) {
            const boost::asio::const_buffer piece = *it;
            pieces.push_back({const_cast<void*>(piece.data()), piece.size()});
          }
          // Handlers of Asio's can only be moved.
          const auto kept = std::make_shared<decltype(completion)>(std::move(completion));
          write(std::move(pieces), [kept, size](const boost::system::error_code& error) {
            std::move (*kept)(error, error ? 0 : size);
          });
        },
        handler, buffers);
  }

  /// `handler` is called once all is written or nothing more can be, never inside this call. It
  /// keeps this object alive.
  void write(std::vector<iovec> pieces, WriteHandler handler);

 private:
  enum class State { kStart, kReading, kDone };
  /// First bytes of final control frames.
  static constexpr std::uint8_t kPing = 0x89;
  static constexpr std::uint8_t kPong = 0x8a;
  /// Held by the operation that carries it out; those that wait, by the one before.
  struct Write {
    std::string control;  ///< what was held back, if it is that
    std::vector<iovec> pieces;
    std::size_t done = 0;  ///< pieces written
    WriteHandler handler;
    std::shared_ptr<Write> next;
  };

  /// Pings and pongs that find a write under way leave behind it, and Beast goes on: it reads
  /// nothing until they are written, and two ends that both wait so for the other would wait for
  /// ever. Of several that are held back the newest is enough (RFC 6455 §5.5.3).
  template <class Buffers>
  bool hold_back(const Buffers& buffers) {
    const auto begin = boost::asio::buffers_begin(buffers);
    const auto end = boost::asio::buffers_end(buffers);
    if (last_write_.expired() || begin == end) return false;
    const auto first = static_cast<std::uint8_t>(*begin);
    if (first != kPing && first != kPong) return false;
    (first == kPing ? held_ping_ : held_pong_).assign(begin, end);
    return true;
  }
  void begin(const std::shared_ptr<Write>& write);
  void send(const std::shared_ptr<Write>& write);
  void end(const std::shared_ptr<Write>& write, const boost::system::error_code& error);
  /// Puts what was held back in front of the writes that wait. `handler`: of the write `after`.
  void release_held(Write& after, const WriteHandler& handler);

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
  std::weak_ptr<Write> last_write_;
  std::string held_ping_;
  std::string held_pong_;
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
