// Digests of entries: one, and all those of a batch.
#include <benchmark/benchmark.h>

#include "base/digest.hpp"
#include "benchmark/micro/entries.hpp"

namespace lockstep::micro {
namespace {

void digest_of_an_entry(benchmark::State& state) {
  const std::vector<Entry> entries = make_entries(Index(1), 1);
  Sha256 sha;
  for (auto _ : state) {
    benchmark::DoNotOptimize(entry_digest(sha, entries.front().encoded.bytes()));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(digest_of_an_entry);

}  // namespace
}  // namespace lockstep::micro
