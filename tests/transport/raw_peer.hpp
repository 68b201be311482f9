#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <vector>

#include "transport/probe.hpp"
#include "wire/frame_decoder.hpp"
#include "wire/frame_encoder.hpp"

namespace lockstep::test {

/// A peer that speaks by hand: TCP, an HTTP upgrade, WebSocket frames of whatever bytes.
class RawPeer {
 public:
  explicit RawPeer(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval deadline{kDeadline.count(), 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  ~RawPeer() { ::close(socket_); }
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  void send(const std::string& bytes) const {
    ASSERT_EQ(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  /// All that comes until the other end closes.
  [[nodiscard]] std::string read_to_end() {
    while (read_some()) {
    }
    return std::exchange(received_, {});
  }

  static std::string request(const std::string& target, const std::string& sub_protocol) {
    return "GET " + target +
           " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
           (sub_protocol.empty() ? "" : "Sec-WebSocket-Protocol: " + sub_protocol + "\r\n") +
           "\r\n";
  }
  /// Upgrades in the name of a node; the answer.
  std::string upgrade(const std::string& node) {
    send(request("/replication?nodeId=" + node, "lockstep.v1"));
    while (received_.find("\r\n\r\n") == std::string::npos && read_some()) {
    }
    const std::size_t end = received_.find("\r\n\r\n");
    EXPECT_NE(end, std::string::npos);
    if (end == std::string::npos) return {};
    const std::string head = received_.substr(0, end + 4);
    received_.erase(0, end + 4);
    return head;
  }

  /// One WebSocket frame with the mask 0, which leaves the payload as it is. `claimed`: the length
  /// that its header tells, if not the right one.
  static std::string framed(const std::string& payload, int opcode = 2, std::uint64_t claimed = 0) {
    if (claimed == 0) claimed = payload.size();
    std::string bytes{static_cast<char>(0x80 | opcode)};
    if (claimed < 126) {
      bytes.push_back(static_cast<char>(0x80 | claimed));
    } else {
      const bool is_short = claimed < 65536;
      bytes.push_back(static_cast<char>(0x80 | (is_short ? 126 : 127)));
      for (int shift = is_short ? 8 : 56; shift >= 0; shift -= 8) {
        bytes.push_back(static_cast<char>(claimed >> shift));
      }
    }
    return bytes + std::string(4, '\0') + payload;
  }
  void send_frame(const std::string& payload, int opcode = 2, std::uint64_t claimed = 0) {
    send(framed(payload, opcode, claimed));
  }
  void send_frame(const wire::OutgoingFrame& frame) {
    const auto bytes = wire::flatten(frame);
    send_frame(std::string(bytes.begin(), bytes.end()));
  }

  /// The next binary message, decoded; none when the other end closed first.
  [[nodiscard]] std::optional<wire::Received> receive() {
    for (;;) {
      while (received_.size() < 2) {
        if (!read_some()) return std::nullopt;
      }
      const int opcode = received_[0] & 15;
      std::size_t head = 2;
      std::size_t length = static_cast<std::uint8_t>(received_[1]);
      if (length == 126) {
        while (received_.size() < 4) {
          if (!read_some()) return std::nullopt;
        }
        head = 4;
        length = static_cast<std::size_t>(static_cast<std::uint8_t>(received_[2])) << 8 |
                 static_cast<std::uint8_t>(received_[3]);
      }
      while (received_.size() < head + length) {
        if (!read_some()) return std::nullopt;
      }
      const std::string payload = received_.substr(head, length);
      received_.erase(0, head + length);
      if (opcode != 2) continue;
      auto decoded = decoder_.decode(SharedBuffer::copy_of(payload));
      EXPECT_TRUE(decoded) << decoded.error().message;
      return decoded ? std::optional(std::move(*decoded)) : std::nullopt;
    }
  }
  template <class T>
  [[nodiscard]] std::optional<T> receive_as() {
    auto received = receive();
    const T* found = received ? std::get_if<T>(&*received) : nullptr;
    return found != nullptr ? std::optional(*found) : std::nullopt;
  }

  /// The other end says that it closes, with this code.
  [[nodiscard]] bool is_told(Errc code) {
    while (auto received = receive()) {
      if (const auto* goodbye = std::get_if<wire::Goodbye>(&*received))
        return goodbye->code == code;
      if (const auto* refusal = std::get_if<wire::Refusal>(&*received))
        return refusal->code == code;
    }
    return false;
  }

  static wire::Hello hello(const std::string& node) {
    wire::Hello result;
    result.node = NodeId(node);
    result.boot = BootNumber(1);
    result.dial = DialNumber(1);
    return result;
  }
  /// Upgrades and ends the handshake as it should be.
  void connect(const std::string& node) {
    (void)upgrade(node);
    send_frame(encoder.encode(hello(node)).value());
    ASSERT_TRUE(receive_as<wire::Hello>());
    send_frame(encoder.encode(wire::Ready{1, 0}));
  }

  wire::FrameEncoder encoder;

 private:
  bool read_some() {
    std::array<char, 4096> chunk;
    const ssize_t size = ::recv(socket_, chunk.data(), chunk.size(), 0);
    EXPECT_TRUE(size >= 0 || errno == ECONNRESET) << "the other end neither spoke nor closed";
    if (size <= 0) return false;
    received_.append(chunk.data(), static_cast<std::size_t>(size));
    return true;
  }

  int socket_;
  std::string received_;
  wire::FrameDecoder decoder_{std::size_t{16} << 20};
};

/// A listener that the system answers for, and nobody accepts from.
class RawListener {
 public:
  RawListener() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_, 16), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~RawListener() { ::close(socket_); }
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

}  // namespace lockstep::test
