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

void digests_of_a_batch(benchmark::State& state, HashBy by) {
  const HashBy before = hash_in_use();
  use_hash(by);
  const std::vector<Entry> entries = make_entries(Index(1), 128);
  std::vector<DigestedBytes> digested;
  for (const Entry& entry : entries) digested.push_back({entry.encoded.bytes()});
  Sha256 sha;
  for (auto _ : state) benchmark::DoNotOptimize(entry_digests(sha, digested).data());
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(entries.size()));
  use_hash(before);
}
BENCHMARK_CAPTURE(digests_of_a_batch, openssl, HashBy::kOpenSsl);

[[maybe_unused]] const bool is_registered =
    has_hash(HashBy::kIpsecMb) &&
    benchmark::RegisterBenchmark("digests_of_a_batch/ipsec_mb", digests_of_a_batch,
                                 HashBy::kIpsecMb) != nullptr;

}  // namespace
}  // namespace lockstep::micro
