#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <deque>
#include <vector>

#include "benchmark/io_thread.hpp"
#include "benchmark/pair.hpp"

namespace lockstep::benchmark {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

class RawTcpEnd final : public IEnd {
 public:
  ~RawTcpEnd() override = default;

  void start() {
    asio::post(io_.context, [this] { read(); });
    io_.start();
  }
  tcp::socket& socket() { return socket_; }

  void use(const SharedBuffer& payload) override {
    payload_ = payload;
    length_ = static_cast<std::uint32_t>(payload.size());
  }
  void send(std::function<void()> written) override {
    queue_.push_back(std::move(written));
    if (queue_.size() == 1) write();
  }
  void on_receive(std::function<void()> handler) override { received_ = std::move(handler); }
  void post(std::function<void()> task) override { asio::post(io_.context, std::move(task)); }

 private:
  void write() {
    const std::array<asio::const_buffer, 2> pieces{asio::buffer(&length_, sizeof(length_)),
                                                   asio::buffer(payload_.data(), payload_.size())};
    asio::async_write(socket_, pieces, [this](const boost::system::error_code& error, std::size_t) {
      if (error) return;
      const auto written = std::move(queue_.front());
      queue_.pop_front();
      if (!queue_.empty()) write();
      written();
    });
  }
  void read() {
    socket_.async_read_some(asio::buffer(memory_.data() + filled_, memory_.size() - filled_),
                            [this](const boost::system::error_code& error, std::size_t size) {
                              if (error) return;
                              filled_ += size;
                              take_messages();
                              read();
                            });
  }
  void take_messages() {
    std::size_t begin = 0;
    for (;;) {
      std::uint32_t length = 0;
      if (filled_ - begin < sizeof(length)) break;
      std::memcpy(&length, memory_.data() + begin, sizeof(length));
      if (filled_ - begin < sizeof(length) + length) break;
      begin += sizeof(length) + length;
      if (received_) received_();
    }
    filled_ -= begin;
    std::memmove(memory_.data(), memory_.data() + begin, filled_);
  }

  SharedBuffer payload_;
  std::uint32_t length_ = 0;
  std::deque<std::function<void()>> queue_;
  std::function<void()> received_;
  std::vector<std::uint8_t> memory_ = std::vector<std::uint8_t>(256 * 1024);
  std::size_t filled_ = 0;
  IoThread io_;
  tcp::socket socket_{io_.context};
};

class RawTcpPair final : public IPair {
 public:
  RawTcpPair() {
    connect_over_loopback(dialler_.socket(), acceptor_.socket());
    dialler_.start();
    acceptor_.start();
  }
  std::string name() const override { return "raw_tcp"; }
  IEnd& dialler() override { return dialler_; }
  IEnd& acceptor() override { return acceptor_; }

 private:
  RawTcpEnd dialler_;
  RawTcpEnd acceptor_;
};

}  // namespace

std::unique_ptr<IPair> make_raw_tcp_pair() { return std::make_unique<RawTcpPair>(); }

}  // namespace lockstep::benchmark
