// The one file that instantiates Beast's WebSocket over a plain socket. Beast upgrades, reads, and
// answers pings and closes; messages are framed here and written beside it.
#include <array>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/error.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <charconv>
#include <cstring>
#include <utility>
#include <vector>

#include "lockstep/testing/wire_faults.hpp"
#include "transport/bit_flip.hpp"
#include "transport/fault_socket.hpp"
#include "transport/websocket_framing.hpp"
#include "transport/websocket_stream.hpp"
#include "wire/frame.hpp"

namespace lockstep::transport {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;

constexpr std::uint32_t kMaxUpgradeBytes = 8192;
/// HELLO with all that it may hold is half as long.
constexpr std::size_t kMaxHandshakeFrameBytes = 8192;
/// A control frame that comes meanwhile waits for no more than that.
constexpr std::size_t kWriteTogetherBytes = 64 * 1024;

Error to_error(const boost::system::error_code& error) {
  if (error == websocket::error::message_too_big || error == websocket::error::buffer_overflow) {
    return {Errc::kTooLarge, "a message longer than any frame"};
  }
  if (error == websocket::condition::protocol_violation) {
    return {Errc::kProtocolViolation, "WebSocket: " + error.message()};
  }
  return {Errc::kConnectionLost, error.message()};
}

class PlainStream final : public IWebSocketStream,
                          public std::enable_shared_from_this<PlainStream> {
 public:
  PlainStream(TcpSocket socket, std::shared_ptr<testing::WireFaults> faults)
      : faults_(faults), websocket_(std::move(socket), std::move(faults)) {
    websocket_.binary(true);
    websocket_.read_message_max(kMaxHandshakeFrameBytes);
    websocket_.set_option(websocket::stream_base::timeout{websocket::stream_base::none(),
                                                          websocket::stream_base::none(), false});
  }

  void accept(Inspect inspect, OpenHandler handler) override;
  void dial(const std::string& host, const std::string& target, OpenHandler handler) override;
  void set_peer(const NodeId& peer) override {
    peer_ = peer;
    websocket_.next_layer().set_peer(peer);
    if (!faults_) return;
    // The faults may outlive the executor, so nothing of it is kept there.
    faults_->add_connection(peer, weak_from_this(), [weak = weak_from_this()] {
      if (const auto self = weak.lock()) {
        asio::post(self->websocket_.get_executor(), [self] { self->drop(); });
      }
    });
  }
  void set_signals(Signals signals) override;
  void allow_all_frames() override { websocket_.read_message_max(wire::kMaxFrameBytes); }
  void read(ReadHandler handler) override;
  void write(Frames frames, WriteHandler handler) override;
  std::size_t write_together_bytes() const override { return kWriteTogetherBytes; }
  void ping(std::uint64_t number) override;
  void close() override {
    // With a callback Beast may lock up: a read that is on its way to report the peer's close frame
    // and a close that has just sent ours then wait for each other for ever.
    websocket_.control_callback();
    closing_ = true;
    websocket_.async_close(websocket::close_code::normal,
                           [self = shared_from_this()](const boost::system::error_code&) {});
  }
  void drop() override {
    boost::system::error_code ignored;
    beast::get_lowest_layer(websocket_).close(ignored);
  }

 private:
  using Parser = http::request_parser<http::empty_body>;

  void answer(const Inspect& inspect, const OpenHandler& handler);
  void refuse(const UpgradeAnswer& answer, const OpenHandler& handler);
  void read_more();
  void make_room();
  void on_read(const boost::system::error_code& error, std::size_t size);
  [[nodiscard]] SharedBuffer take_message();
  [[nodiscard]] std::optional<SharedBuffer> damaged(const wire::OutgoingFrame& frame);

  std::shared_ptr<testing::WireFaults> faults_;
  NodeId peer_;
  websocket::stream<FaultSocket, false> websocket_;

  beast::flat_buffer upgrade_buffer_{kMaxUpgradeBytes};
  std::optional<Parser> request_;
  http::response<http::string_body> response_;

  Signals signals_;
  ReadHandler reader_;
  /// Read before the length of a message is known. The rest is read to where it stays.
  std::array<std::uint8_t, wire::kFrameHeaderBytes> head_;
  std::shared_ptr<std::uint8_t[]> memory_;  ///< once the message is longer than `head_`
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;

  std::optional<WebSocketFraming> framing_;  ///< since the upgrade
  std::vector<WebSocketFraming::Message> messages_;
  SharedBuffer damaged_;
  bool pinging_ = false;
  bool closing_ = false;
};

void PlainStream::accept(Inspect inspect, OpenHandler handler) {
  request_.emplace();
  request_->header_limit(kMaxUpgradeBytes);
  request_->body_limit(0);
  http::async_read(
      websocket_.next_layer(), upgrade_buffer_, *request_,
      [self = shared_from_this(), inspect = std::move(inspect), handler = std::move(handler)](
          const boost::system::error_code& error, std::size_t) {
        if (!error) return self->answer(inspect, handler);
        const bool broken = error.category() == make_error_code(http::error::bad_method).category();
        handler(broken && error != http::error::end_of_stream &&
                        error != http::error::partial_message
                    ? Error(Errc::kProtocolViolation, "HTTP: " + error.message())
                    : to_error(error));
      });
}

void PlainStream::answer(const Inspect& inspect, const OpenHandler& handler) {
  const auto& request = request_->get();
  UpgradeRequest asked;
  asked.is_websocket = websocket::is_upgrade(request) && upgrade_buffer_.size() == 0;
  asked.target = std::string(request.target());
  asked.has_origin = request.count(http::field::origin) != 0;
  const auto offers = request.equal_range(http::field::sec_websocket_protocol);
  for (auto offer = offers.first; offer != offers.second; ++offer) {
    if (!asked.sub_protocols.empty()) asked.sub_protocols += ", ";
    asked.sub_protocols += std::string_view(offer->value());
  }
  const UpgradeAnswer answer = inspect(asked);
  if (answer.status != 101) return refuse(answer, handler);
  set_peer(answer.node);
  websocket_.set_option(websocket::stream_base::decorator([](websocket::response_type& response) {
    response.set(http::field::sec_websocket_protocol, std::string(wire::kSubProtocol));
  }));
  framing_.emplace(false);
  websocket_.async_accept(
      request, [self = shared_from_this(), handler](const boost::system::error_code& error) {
        handler(error ? to_error(error) : Error{});
      });
}

void PlainStream::refuse(const UpgradeAnswer& answer, const OpenHandler& handler) {
  response_.result(answer.status);
  response_.version(11);
  response_.keep_alive(false);
  response_.set(http::field::content_type, "text/plain; charset=utf-8");
  response_.body() = answer.reason;
  response_.prepare_payload();
  http::async_write(websocket_.next_layer(), response_,
                    [self = shared_from_this(), handler, reason = answer.reason](
                        const boost::system::error_code&, std::size_t) {
                      boost::system::error_code ignored;
                      beast::get_lowest_layer(self->websocket_)
                          .shutdown(asio::socket_base::shutdown_send, ignored);
                      handler(Error(Errc::kHandshakeRefused, reason));
                    });
}

void PlainStream::dial(const std::string& host, const std::string& target, OpenHandler handler) {
  websocket_.set_option(websocket::stream_base::decorator([](websocket::request_type& request) {
    request.set(http::field::sec_websocket_protocol, std::string(wire::kSubProtocol));
    request.set(http::field::user_agent, "lockstep");
  }));
  framing_.emplace(true);
  websocket_.async_handshake(
      response_, host, target,
      [self = shared_from_this(),
       handler = std::move(handler)](const boost::system::error_code& error) {
        const auto& response = self->response_;
        if (error == websocket::error::upgrade_declined) {
          handler(upgrade_refused(response.result_int(), response.body()));
        } else if (error) {
          handler(to_error(error));
        } else if (response[http::field::sec_websocket_protocol] != wire::kSubProtocol) {
          handler(Error(Errc::kHandshakeRefused,
                        "the peer does not speak " + std::string(wire::kSubProtocol)));
        } else {
          handler(Error{});
        }
      });
}

void PlainStream::set_signals(Signals signals) {
  signals_ = std::move(signals);
  // Called from within a read, so this object lives.
  websocket_.control_callback([this](websocket::frame_type kind, beast::string_view payload) {
    if (signals_.bytes) signals_.bytes();
    std::uint64_t number = 0;
    const auto* end = payload.data() + payload.size();
    const bool is_number = std::from_chars(payload.data(), end, number).ptr == end;
    if (kind == websocket::frame_type::pong && is_number && signals_.pong) signals_.pong(number);
  });
}

void PlainStream::read(ReadHandler handler) {
  reader_ = std::move(handler);
  memory_.reset();
  capacity_ = 0;
  size_ = 0;
  read_more();
}

void PlainStream::read_more() {
  // While it closes, Beast may have taken the rest of a message away between two reads of ours.
  if (closing_ && size_ > 0) {
    return std::exchange(reader_, {})(Error(Errc::kConnectionLost, "closed inside a message"));
  }
  if (size_ == head_.size()) make_room();
  const auto space = memory_ ? asio::buffer(memory_.get() + size_, capacity_ - size_)
                             : asio::buffer(head_.data() + size_, head_.size() - size_);
  websocket_.async_read_some(
      space, [self = shared_from_this()](const boost::system::error_code& error, std::size_t size) {
        self->on_read(error, size);
      });
}

void PlainStream::make_room() {
  // The rest of the WebSocket frame, which its header told; at most the limit on messages.
  capacity_ = size_ + websocket_.read_size_hint(head_.size());
  memory_ = std::make_shared_for_overwrite<std::uint8_t[]>(capacity_);
  std::memcpy(memory_.get(), head_.data(), size_);
}

void PlainStream::on_read(const boost::system::error_code& error, std::size_t size) {
  if (error) return std::exchange(reader_, {})(to_error(error));
  if (signals_.bytes) signals_.bytes();
  size_ += size;
  if (websocket_.got_text()) {
    return std::exchange(reader_, {})(Error(Errc::kProtocolViolation, "a text message"));
  }
  if (!websocket_.is_message_done()) {
    if (!memory_ || size_ < capacity_) return read_more();
    return std::exchange(
        reader_, {})(Error(Errc::kProtocolViolation, "a message in several WebSocket frames"));
  }
  std::exchange(reader_, {})(take_message());
}

SharedBuffer PlainStream::take_message() {
  if (!memory_) return SharedBuffer::copy_of(ByteSpan(head_.data(), size_));
  const ByteSpan bytes(memory_.get(), size_);
  return {std::move(memory_), bytes};
}

void PlainStream::write(Frames frames, WriteHandler handler) {
  messages_.clear();
  for (const wire::OutgoingFrame* frame : frames) {
    if (auto copy = damaged(*frame)) {
      damaged_ = std::move(*copy);
      messages_.emplace_back(&damaged_, 1);
    } else {
      messages_.emplace_back(frame->pieces);
    }
  }
  websocket_.next_layer().write(
      framing_->frame(messages_),
      [self = shared_from_this(), handler = std::move(handler)](
          const boost::system::error_code& error) { handler(error ? to_error(error) : Error{}); });
}

std::optional<SharedBuffer> PlainStream::damaged(const wire::OutgoingFrame& frame) {
  if (!faults_ || !faults_->wants_bit_flip(peer_)) return std::nullopt;
  const std::vector<std::uint8_t> bytes = wire::flatten(frame);
  if (!carries_entries(bytes)) return std::nullopt;
  const auto bit = faults_->take_bit_flip(peer_);
  if (!bit) return std::nullopt;
  return flip_bit(bytes, *bit);
}

void PlainStream::ping(std::uint64_t number) {
  if (std::exchange(pinging_, true)) return;
  websocket::ping_data payload;
  const std::string text = std::to_string(number);
  payload.assign(text.begin(), text.end());
  websocket_.async_ping(payload, [self = shared_from_this()](const boost::system::error_code&) {
    self->pinging_ = false;
  });
}

}  // namespace

std::shared_ptr<IWebSocketStream> make_plain_websocket_stream(
    TcpSocket socket, std::shared_ptr<testing::WireFaults> faults) {
  return std::make_shared<PlainStream>(std::move(socket), std::move(faults));
}

}  // namespace lockstep::transport
