#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <thread>

namespace lockstep::benchmark {

/// An io_context on a thread of its own. Ends with all that was posted undone.
class IoThread {
 public:
  ~IoThread() {
    context.stop();
    thread_.join();
  }
  /// From now on `context` belongs to the thread.
  void start() {
    thread_ = std::thread([this] { context.run(); });
  }

  boost::asio::io_context context{1};

 private:
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      context.get_executor()};
  std::thread thread_;
};

/// Connects `dialling` to `accepted`, both without delay for small messages.
inline void connect_over_loopback(boost::asio::ip::tcp::socket& dialling,
                                  boost::asio::ip::tcp::socket& accepted) {
  using boost::asio::ip::tcp;
  boost::asio::io_context context;
  tcp::acceptor acceptor(context, {boost::asio::ip::address_v4::loopback(), 0});
  dialling.connect(acceptor.local_endpoint());
  acceptor.accept(accepted);
  dialling.set_option(tcp::no_delay(true));
  accepted.set_option(tcp::no_delay(true));
}

}  // namespace lockstep::benchmark
