#include "transport/fault_socket.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace lockstep::transport {
namespace {

/// What Linux takes in one call (IOV_MAX). Asio's own limit is 64.
constexpr std::size_t kMaxPieces = 1024;

/// Steps over what was written.
void advance(std::vector<iovec>& pieces, std::size_t& done, std::size_t bytes) {
  while (done < pieces.size() && bytes >= pieces[done].iov_len) bytes -= pieces[done++].iov_len;
  if (bytes == 0) return;
  pieces[done].iov_base = static_cast<char*>(pieces[done].iov_base) + bytes;
  pieces[done].iov_len -= bytes;
}

}  // namespace

void FaultSocket::write(std::vector<iovec> pieces, WriteHandler handler) {
  const auto write = std::make_shared<Write>();
  write->pieces = std::move(pieces);
  write->handler = std::move(handler);
  const auto before = last_write_.lock();
  last_write_ = write;
  if (before) {
    before->next = write;
  } else {
    begin(write);
  }
}

void FaultSocket::begin(const std::shared_ptr<Write>& write) {
  if (is_broken()) return end(write, boost::asio::error::connection_reset);
  if (is_silent()) return end(write, {});
  send(write);
}

void FaultSocket::send(const std::shared_ptr<Write>& write) {
  while (write->done < write->pieces.size()) {
    if (const std::error_code failed = begin_operation()) return end(write, failed);
    msghdr message{};
    message.msg_iov = write->pieces.data() + write->done;
    message.msg_iovlen = std::min(write->pieces.size() - write->done, kMaxPieces);
    const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      advance(write->pieces, write->done, static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return socket_.async_wait(TcpSocket::wait_write,
                                [this, write](const boost::system::error_code& error) {
                                  if (error) return end(write, error);
                                  send(write);
                                });
    } else if (errno != EINTR) {
      return end(write, {errno, boost::system::system_category()});
    }
  }
  end(write, {});
}

void FaultSocket::end(const std::shared_ptr<Write>& write, const boost::system::error_code& error) {
  boost::asio::post(get_executor(), [this, write, error] {
    const WriteHandler handler = std::move(write->handler);
    if (!error) release_held(*write, handler);
    if (write->next) {
      begin(write->next);
    } else {
      last_write_.reset();
    }
    handler(error);
  });
}

void FaultSocket::release_held(Write& after, const WriteHandler& handler) {
  std::string control = std::exchange(held_pong_, {}) + std::exchange(held_ping_, {});
  if (control.empty()) return;
  const auto write = std::make_shared<Write>();
  write->control = std::move(control);
  write->pieces = {{write->control.data(), write->control.size()}};
  // Nobody waits for it; the handler of the write before it goes on keeping this object alive.
  write->handler = [handler](const boost::system::error_code&) {};
  write->next = std::exchange(after.next, write);
  if (!write->next) last_write_ = write;
}

}  // namespace lockstep::transport
