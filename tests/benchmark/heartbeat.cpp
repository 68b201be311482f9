#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

#include "base/digest.hpp"
#include "benchmark/cases.hpp"
#include "benchmark/node.hpp"

namespace lockstep::benchmark {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kEntryBytes = std::size_t{16} << 20;
constexpr std::chrono::milliseconds kPause{1};

ReplicationMessage large_entry(const NodeId& target) {
  Payload payload(kEntryBytes);
  std::memset(payload.bytes().data(), 'x', kEntryBytes);
  Sha256 sha;
  EntryHeader header;
  header.term = Term(1);
  header.index = Index(1);
  header.payload_bytes = kEntryBytes;
  EntryBatch batch;
  batch.entries.push_back(seal_entry(sha, header, std::move(payload).release()));
  ReplicationMessage message;
  message.type = MessageType::kAppendEntries;
  message.target_node = target;
  message.data = std::move(batch);
  return message;
}

ReplicationMessage heartbeat(const NodeId& target) {
  const auto now = Clock::now().time_since_epoch().count();
  ReplicationMessage message;
  message.type = MessageType::kHeartbeat;
  message.target_node = target;
  message.data =
      SharedBuffer::copy_of(ByteSpan(reinterpret_cast<const std::uint8_t*>(&now), sizeof(now)));
  return message;
}

Clock::time_point sent_at(const ReplicationMessage& message) {
  Clock::rep ticks = 0;
  std::memcpy(&ticks, std::get<SharedBuffer>(message.data).data(), sizeof(ticks));
  return Clock::time_point(Clock::duration(ticks));
}

}  // namespace

Heartbeats measure_heartbeats(std::size_t count, bool from_dialler,
                              std::optional<int> receive_buffer_bytes) {
  const auto tune = [&](WebSocketNetworkOptions& options) {
    if (receive_buffer_bytes) options.receive_buffer_bytes = *receive_buffer_bytes;
  };
  Node a("a", tune);
  Node b("b", tune);
  (from_dialler ? a : b).dial((from_dialler ? b : a).address());
  a.wait_connected(1);
  b.wait_connected(1);

  std::atomic<std::size_t> measured{0};
  std::atomic<std::size_t> entries{0};
  std::vector<double> latencies;
  latencies.reserve(count);
  // One entry is followed by the next at once, so one is always under way.
  const ReplicationMessage entry = large_entry(b.network().local_node());
  const auto next_entry = [&] { must(a.network().send_message(entry)); };
  std::vector<Subscription> handlers;
  const auto handle = [&](MessageType type, INetworkManager::MessageHandler handler) {
    auto made = b.network().set_handler(GroupId{}, {type, type}, std::move(handler));
    if (!made) give_up(made.error().message);
    handlers.push_back(std::move(*made));
  };
  handle(MessageType::kHeartbeat, [&](const ReplicationMessage& message) {
    const auto latency = Clock::now() - sent_at(message);
    if (entries.load() == 0 || latencies.size() == count) return;
    latencies.push_back(std::chrono::duration<double, std::milli>(latency).count());
    measured.store(latencies.size());
  });
  handle(MessageType::kAppendEntries, [&](const ReplicationMessage&) {
    entries.fetch_add(1);
    if (measured.load() < count) next_entry();
  });

  const auto begun = Clock::now();
  next_entry();
  next_entry();
  while (measured.load() < count) {
    must(a.network().send_message(heartbeat(b.network().local_node())));
    std::this_thread::sleep_for(kPause);
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  const double megabytes = static_cast<double>(entries.load()) * kEntryBytes * 1e-6;
  for (Subscription& handler : handlers) handler.reset();
  return {std::move(latencies), megabytes / seconds};
}

}  // namespace lockstep::benchmark
