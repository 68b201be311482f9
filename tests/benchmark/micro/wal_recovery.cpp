// A log is closed and opened again: its last segment is read.
#include <benchmark/benchmark.h>

#include "benchmark/micro/entries.hpp"
#include "benchmark/micro/log_on_disk.hpp"

namespace lockstep::micro {
namespace {

void recover_wal(benchmark::State& state) {
  const auto place = static_cast<Place>(state.range(0));
  constexpr std::size_t kWrites = 200;
  constexpr std::size_t kEntriesPerWrite = 100;
  LogOnDisk log(place);
  Index next(1);
  for (auto _ : state) {
    // Opening begins a new segment: the last one must be filled again.
    state.PauseTiming();
    for (std::size_t i = 0; i < kWrites; ++i) {
      log.write(make_entries(next, kEntriesPerWrite));
      next = Index(next.value() + kEntriesPerWrite);
    }
    log.close();
    state.ResumeTiming();
    log.open();
  }
  state.SetItemsProcessed(state.iterations() *
                          static_cast<std::int64_t>(kWrites * kEntriesPerWrite));
  state.SetLabel(to_string(place));
}
BENCHMARK(recover_wal)->Arg(1)->Arg(2)->Iterations(5);

}  // namespace
}  // namespace lockstep::micro
