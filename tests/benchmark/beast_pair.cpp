// The one file of the benchmark that instantiates Beast's WebSocket.
#include <array>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <future>

#include "base/digest.hpp"
#include "benchmark/io_thread.hpp"
#include "benchmark/pair.hpp"

namespace lockstep::benchmark {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;

class BeastEnd final : public IEnd {
 public:
  ~BeastEnd() override = default;

  BeastEnd() {
    websocket_.binary(true);
    websocket_.auto_fragment(false);
    websocket_.write_buffer_bytes(65536);
    websocket_.read_message_max(1 << 20);
  }
  tcp::socket& socket() { return websocket_.next_layer(); }
  std::future<void> open(bool dial) {
    const auto opened = std::make_shared<std::promise<void>>();
    const auto on_open = [this, opened](const boost::system::error_code& error) {
      if (error) std::abort();
      opened->set_value();
      read();
    };
    asio::post(io_.context, [this, dial, on_open] {
      if (dial) {
        websocket_.async_handshake("localhost", "/", on_open);
      } else {
        websocket_.async_accept(on_open);
      }
    });
    io_.start();
    return opened->get_future();
  }

  void use(const SharedBuffer& payload) override { payload_ = payload; }
  void send(std::function<void()> written) override {
    queue_.push_back({sha_.hash(payload_.bytes()), std::move(written)});
    if (queue_.size() == 1) write();
  }
  void on_receive(std::function<void()> handler) override { received_ = std::move(handler); }
  void post(std::function<void()> task) override { asio::post(io_.context, std::move(task)); }

 private:
  struct Message {
    Digest digest;
    std::function<void()> written;
  };

  void write() {
    const std::array<asio::const_buffer, 2> pieces{asio::buffer(payload_.data(), payload_.size()),
                                                   asio::buffer(queue_.front().digest.bytes)};
    websocket_.async_write(pieces, [this](const boost::system::error_code& error, std::size_t) {
      if (error) return;
      const auto written = std::move(queue_.front().written);
      queue_.pop_front();
      if (!queue_.empty()) write();
      written();
    });
  }
  void read() {
    websocket_.async_read(memory_, [this](const boost::system::error_code& error, std::size_t) {
      if (error) return;
      const ByteSpan message(static_cast<const std::uint8_t*>(memory_.cdata().data()),
                             memory_.size());
      const ByteSpan payload = message.first(message.size() - Digest::kBytes);
      const Digest digest = sha_.hash(payload);
      if (std::memcmp(digest.bytes.data(), message.data() + payload.size(), Digest::kBytes) != 0) {
        std::abort();
      }
      memory_.clear();
      if (received_) received_();
      read();
    });
  }

  Sha256 sha_;
  SharedBuffer payload_;
  std::deque<Message> queue_;
  std::function<void()> received_;
  beast::flat_buffer memory_;
  IoThread io_;
  websocket::stream<tcp::socket, false> websocket_{io_.context};
};

class BeastPair final : public IPair {
 public:
  BeastPair() {
    connect_over_loopback(dialler_.socket(), acceptor_.socket());
    auto accepted = acceptor_.open(false);
    dialler_.open(true).get();
    accepted.get();
  }
  std::string name() const override { return "beast"; }
  IEnd& dialler() override { return dialler_; }
  IEnd& acceptor() override { return acceptor_; }

 private:
  BeastEnd dialler_;
  BeastEnd acceptor_;
};

}  // namespace

std::unique_ptr<IPair> make_beast_pair() { return std::make_unique<BeastPair>(); }

}  // namespace lockstep::benchmark
