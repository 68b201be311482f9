// Entries appended to a log, so many a write, one write after the other. No sync is measured: that
// is the disk's.
#include <benchmark/benchmark.h>

#include <utility>

#include "benchmark/micro/entries.hpp"
#include "benchmark/micro/log_on_disk.hpp"

namespace lockstep::micro {
namespace {

void append_to_wal(benchmark::State& state) {
  const auto place = static_cast<Place>(state.range(0));
  const auto entries_per_write = static_cast<std::size_t>(state.range(1));
  LogOnDisk log(place);
  Index next(1);
  for (auto _ : state) {
    state.PauseTiming();
    auto entries = make_entries(next, entries_per_write);
    next = entries.back().header.index.next();
    state.ResumeTiming();
    log.write(std::move(entries));
  }
  state.SetItemsProcessed(state.iterations() * state.range(1));
  state.SetLabel(to_string(place));
}
// As many each time: the log stays, and the simulated disk and the memory with it.
BENCHMARK(append_to_wal)->Args({0, 1})->Args({1, 1})->Args({2, 1})->Iterations(5'000);
BENCHMARK(append_to_wal)->Args({0, 128})->Args({1, 128})->Args({2, 128})->Iterations(500);

}  // namespace
}  // namespace lockstep::micro
