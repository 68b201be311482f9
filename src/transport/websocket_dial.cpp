#include "transport/websocket_dial.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <utility>

namespace lockstep::transport {
namespace {

namespace asio = boost::asio;

constexpr int kMaxUnsentKernelBytes = 128 * 1024;

std::string host_header(const PeerAddress& address) {
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  const std::string host = is_ipv6 ? "[" + address.host + "]" : address.host;
  return host + ":" + std::to_string(address.port);
}

std::string where(const PeerAddress& address) {
  return "node " + address.node.str() + " at " + host_header(address);
}

}  // namespace

void tune(TcpSocket& socket, const SocketOptions& options) {
  boost::system::error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  if (options.receive_buffer_bytes > 0) {
    socket.set_option(asio::socket_base::receive_buffer_size(options.receive_buffer_bytes),
                      ignored);
  }
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
#ifdef TCP_NOTSENT_LOWAT
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kMaxUnsentKernelBytes,
               sizeof(kMaxUnsentKernelBytes));
#endif
}

WebSocketDial::WebSocketDial(PeerAddress address, std::uint64_t number, std::string target,
                             AsioStrand strand, SocketOptions options,
                             std::shared_ptr<testing::WireFaults> faults,
                             ICarrier::DialHandler handler)
    : address_(std::move(address)),
      number_(number),
      target_(std::move(target)),
      strand_(std::move(strand)),
      options_(options),
      faults_(std::move(faults)),
      handler_(std::move(handler)),
      resolver_(strand_),
      socket_(strand_) {}

void WebSocketDial::start() {
  if (!handler_) return;
  boost::system::error_code error;
  const auto numeric = asio::ip::make_address(address_.host, error);
  error ? resolve() : connect({Tcp::endpoint(numeric, address_.port)});
}

std::error_code WebSocketDial::begin_operation() {
  return faults_ ? faults_->begin_operation() : std::error_code();
}

void WebSocketDial::resolve() {
  auto handler = [self = shared_from_this()](const boost::system::error_code& error,
                                             const Tcp::resolver::results_type& results) {
    if (error) {
      return self->finish(Error(Errc::kAddressInvalid,
                                where(self->address_) + " cannot be resolved: " + error.message()));
    }
    std::vector<Tcp::endpoint> endpoints;
    for (const auto& result : results) endpoints.push_back(result.endpoint());
    const std::size_t first = endpoints.empty() ? 0 : self->number_ % endpoints.size();
    std::rotate(endpoints.begin(), endpoints.begin() + static_cast<std::ptrdiff_t>(first),
                endpoints.end());
    self->connect(endpoints);
  };
  if (const std::error_code failed = begin_operation()) {
    return asio::post(strand_, [handler, failed] { handler(failed, {}); });
  }
  resolver_.async_resolve(address_.host, std::to_string(address_.port),
                          asio::ip::resolver_base::numeric_service, std::move(handler));
}

void WebSocketDial::connect(const std::vector<Tcp::endpoint>& endpoints) {
  if (!handler_) return;
  auto handler = [self = shared_from_this()](const boost::system::error_code& error,
                                             const Tcp::endpoint&) {
    if (!error) return self->upgrade();
    const bool refused = error == asio::error::connection_refused;
    self->finish(Error(refused ? Errc::kConnectionRefused : Errc::kNotConnected,
                       where(self->address_) + ": " + error.message()));
  };
  if (const std::error_code failed = begin_operation()) {
    return asio::post(strand_, [handler, failed] { handler(failed, {}); });
  }
  asio::async_connect(socket_, endpoints, std::move(handler));
}

void WebSocketDial::upgrade() {
  if (!handler_) return;
  tune(socket_, options_);
  stream_ = make_plain_websocket_stream(std::move(socket_), faults_);
  stream_->set_peer(address_.node);
  stream_->dial(host_header(address_), target_,
                [self = shared_from_this()](const Error& error) { self->finish(error); });
}

void WebSocketDial::finish(const Error& error) {
  const auto handler = std::exchange(handler_, {});
  const auto stream = std::exchange(stream_, {});
  if (handler && error) {
    if (stream) stream->drop();
    handler(error);
  } else if (handler) {
    handler(ICarrier::Stream(stream));
  }
}

void WebSocketDial::give_up() {
  handler_ = {};
  timer_.reset();
  resolver_.cancel();
  boost::system::error_code ignored;
  socket_.close(ignored);
  if (const auto stream = std::exchange(stream_, {})) stream->drop();
}

}  // namespace lockstep::transport
