// Writes on their way from the caller's thread to the strand: pushed one by one, taken together.
#include "replication/proposal_queue.hpp"

#include <benchmark/benchmark.h>

#include "benchmark/micro/entries.hpp"

namespace lockstep::micro {
namespace {

using replication::ProposalQueue;
using replication::ProposedWrite;

void push_and_take_proposals(benchmark::State& state) {
  constexpr std::size_t kPlenty = std::size_t{1} << 30;
  ProposalQueue queue(kPlenty);
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      const auto write = std::make_shared<ProposedWrite>();
      write->proposal.payload_bytes = kPayloadBytes;
      if (queue.push(write) > ProposalQueue::Push::kQueued) {
        return state.SkipWithError("the queue is full");
      }
    }
    for (const auto& write : queue.take_ready(kPlenty).writes) queue.release(write->size_bytes());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(push_and_take_proposals)->Arg(1)->Arg(128);

}  // namespace
}  // namespace lockstep::micro
