// Frames as WebSocket messages: who has dialled masks every byte of them.
#include "transport/websocket_framing.hpp"

#include <benchmark/benchmark.h>

#include <vector>

#include "benchmark/micro/entries.hpp"

namespace lockstep::micro {
namespace {

void frame_websocket_message(benchmark::State& state) {
  std::vector<SharedBuffer> pieces;
  for (const Entry& entry : make_entries(Index(1), static_cast<std::size_t>(state.range(1)))) {
    pieces.push_back(entry.encoded);
  }
  transport::WebSocketFraming framing(state.range(0) != 0);
  const transport::WebSocketFraming::Message messages[] = {pieces};
  for (auto _ : state) benchmark::DoNotOptimize(framing.frame(messages));
  state.SetItemsProcessed(state.iterations() * state.range(1));
  state.SetLabel(state.range(0) != 0 ? "masked" : "not masked");
}
BENCHMARK(frame_websocket_message)->Args({0, 1})->Args({1, 1})->Args({0, 128})->Args({1, 128});

}  // namespace
}  // namespace lockstep::micro
