// Commands through the cores of three nodes: proposed, appended, acknowledged, committed. The time
// is that of all three.
#include <benchmark/benchmark.h>

#include "benchmark/micro/three_cores.hpp"

namespace lockstep::micro {
namespace {

void commit_in_three_cores(benchmark::State& state) {
  ThreeCores cores;
  for (auto _ : state) {
    if (!cores.commit(static_cast<std::size_t>(state.range(0)))) {
      return state.SkipWithError("not committed");
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(commit_in_three_cores)->Arg(1)->Arg(128);

}  // namespace
}  // namespace lockstep::micro
