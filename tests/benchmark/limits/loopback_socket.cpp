#include "benchmark/limits/loopback_socket.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "benchmark/limits/must.hpp"

namespace lockstep::benchmark {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int without_delay(int socket) {
  const int yes = 1;
  must(::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) == 0, "TCP_NODELAY");
  return socket;
}

}  // namespace

int accept_over_loopback(const std::function<void(int port)>& listening) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof(address);
  must(::bind(listener, any, length) == 0 && ::listen(listener, 1) == 0 &&
           ::getsockname(listener, any, &length) == 0,
       "listen");
  listening(ntohs(address.sin_port));
  const int accepted = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  must(accepted >= 0, "accept");
  ::close(listener);
  return without_delay(accepted);
}

int dial_over_loopback(int port) {
  const int dialled = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const auto* any = reinterpret_cast<const sockaddr*>(&address);
  must(::connect(dialled, any, sizeof(address)) == 0, "connect");
  return without_delay(dialled);
}

}  // namespace lockstep::benchmark
