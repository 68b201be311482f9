#include <sys/socket.h>

#include <algorithm>
#include <cstdio>

#include "benchmark/bare_pipeline/disk.hpp"
#include "benchmark/limits/loopback_socket.hpp"

namespace lockstep::benchmark {

void run_bare_follower(const BareSettings& settings, const std::string& name) {
  constexpr std::size_t kReadBytes = 256 * 1024;
  Frames frames, acks;
  const Ring ring(settings.ring_bytes());  // the leader has no more than that under way
  int leader = -1;
  Disk disk(settings, name, ring, [&](std::uint64_t durable, std::uint64_t syncs) {
    std::array<std::uint8_t, Frames::kAckBytes> ack{};
    acks.write_ack(ack.data(), {durable, syncs});
    if (::send(leader, ack.data(), ack.size(), MSG_NOSIGNAL) < 0) ::_exit(0);  // the run is over
  });
  leader = accept_over_loopback([](int port) { std::printf("%d\n", port); });
  std::uint64_t received = 0, checked = 0;
  for (;;) {
    const std::size_t room = std::min(kReadBytes, ring.bytes() - (received - checked));
    const ssize_t got = ::recv(leader, ring.at(received), room, 0);
    if (got <= 0) return;
    received += static_cast<std::uint64_t>(got);
    const std::uint64_t before = checked;
    for (;;) {
      const ByteSpan rest(ring.at(checked), received - checked);
      const std::size_t bytes = Frames::first_frame_bytes(rest);
      if (bytes == 0) break;
      frames.check_append(rest.first(bytes));
      checked += bytes;
    }
    if (checked > before) disk.offer(checked);
  }
}

}  // namespace lockstep::benchmark
