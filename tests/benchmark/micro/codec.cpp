// A message becomes a frame and a frame a message again. Decoding checks each entry's digest, which
// is most of it.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>

#include "benchmark/micro/entries.hpp"
#include "wire/frame_decoder.hpp"
#include "wire/frame_encoder.hpp"

namespace lockstep::micro {
namespace {

/// As many as the fields of an append.
constexpr std::size_t kFieldBytes = 100;

/// Without entries it is as an acknowledgement is.
ReplicationMessage message_with(std::size_t entries) {
  ReplicationMessage message;
  message.type = entries == 0 ? MessageType::kAck : MessageType::kAppendEntries;
  message.group = kGroup;
  message.source_node = NodeId("n1");
  message.target_node = NodeId("n2");
  message.timestamp_ms = 1;
  message.message_id = MessageId(MessageId::Bytes{1});
  message.data = EntryBatch{SharedBuffer::adopt(std::vector<std::uint8_t>(kFieldBytes)),
                            make_entries(Index(1), entries)};
  return message;
}

void count_entries(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * std::max<std::int64_t>(1, state.range(0)));
}

void encode_frame(benchmark::State& state) {
  const ReplicationMessage message = message_with(static_cast<std::size_t>(state.range(0)));
  wire::FrameEncoder encoder;
  for (auto _ : state) {
    auto frames = encoder.encode(message);
    if (!frames) return state.SkipWithError("the message is refused");
    benchmark::DoNotOptimize(frames);
  }
  count_entries(state);
}
BENCHMARK(encode_frame)->Arg(0)->Arg(1)->Arg(128);

void decode_frame(benchmark::State& state) {
  const ReplicationMessage message = message_with(static_cast<std::size_t>(state.range(0)));
  wire::FrameEncoder encoder;
  const auto frames = encoder.encode(message);
  if (!frames || frames->size() != 1) return state.SkipWithError("the message is no one frame");
  const SharedBuffer frame = SharedBuffer::adopt(wire::flatten(frames->front()));
  wire::FrameDecoder decoder(std::size_t{16} << 20);
  for (auto _ : state) {
    auto received = decoder.decode(frame);
    if (!received) return state.SkipWithError("the frame is refused");
    benchmark::DoNotOptimize(received);
  }
  count_entries(state);
}
BENCHMARK(decode_frame)->Arg(0)->Arg(1)->Arg(128);

}  // namespace
}  // namespace lockstep::micro
