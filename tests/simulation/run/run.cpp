#include "simulation/run/run.hpp"

#include <algorithm>
#include <memory>

#include "simulation/changes/change.hpp"
#include "simulation/clients/client.hpp"
#include "simulation/faults/fault.hpp"
#include "simulation/faults/fault_plan.hpp"
#include "simulation/history/linearizability.hpp"
#include "simulation/run/operator.hpp"
#include "simulation/run/settling.hpp"

namespace lockstep::sim {
namespace {

using namespace std::chrono_literals;

/// What every run must have had, so that one in which nothing happened is no success.
constexpr std::uint64_t kLeastOperations = 300;
constexpr std::uint64_t kLeastGraveFaults = 3;

class Run {
 public:
  Run(const Settings& settings, Trace::Write trace)
      : world_(settings, std::move(trace)), operator_(world_), faults_(world_), changes_(world_) {
    for (std::uint64_t i = 1; i <= settings.clients; ++i) {
      clients_.push_back(make_client(world_, i));
    }
  }

  RunResult run() {
    live();
    if (!world_.verdict().broken()) check_end();
    RunResult result;
    result.verdict = world_.verdict();
    if (world_.overlaps().count() > 0) world_.count(kOverlapping);
    result.tally = world_.tally();
    result.faults = faults_.made();
    result.marks = world_.marks().hits();
    result.simulated = world_.now();
    result.trace_hash = trace_hash();
    return result;
  }

 private:
  void live() {
    if (!operator_.found()) {
      return world_.verdict().violated("a group can be founded", "while nothing is wrong");
    }
    operator_.begin();
    for (const auto& client : clients_) client->begin();
    faults_.begin();
    changes_.begin();
    world_.run_for(world_.settings().faults_last);
    // Where much had to be waited for: a group of one is away whenever its node is.
    const auto latest = 12 * world_.settings().faults_last;
    while (world_.tally()["operations"] < kLeastOperations && world_.now() < latest &&
           !world_.verdict().broken()) {
      world_.run_for(1s);
    }
    if (world_.verdict().broken()) return;
    world_.faults_go_on = false;
    settle(world_, [this] { return acknowledged(); });
  }

  [[nodiscard]] std::uint64_t acknowledged() { return world_.tally()["operations acknowledged"]; }

  /// Reads behind a barrier come after the entry that the engine had applied last.
  void tell_places() {
    const auto& applied = world_.checkers().facts().applied;
    for (std::size_t i = 0; i < world_.history().size(); ++i) {
      const auto found = applied.find(world_.commands()[i]);
      if (found != applied.end()) world_.history()[i].place = 2 * found->second.value();
    }
  }

  void check_end() {
    tell_places();
    const LinearizabilityVerdict history = check_linearizability(world_.history());
    if (history.answer == Linearizable::kNo) {
      world_.verdict().violated("linearizability", history.text);
    } else if (history.answer == Linearizable::kUndecided) {
      world_.verdict().violated("linearizability", "undecided: the search was given up");
    }
    const auto least = [&](const char* what, std::uint64_t had, std::uint64_t wanted) {
      if (had >= wanted) return;
      world_.verdict().violated("uncovered", std::to_string(had) + " " + what + ", at least " +
                                                 std::to_string(wanted) + " make a run");
    };
    least("operations", world_.tally()["operations"], kLeastOperations);
    least("crashes and partitions", faults_.grave(), kLeastGraveFaults);
  }

  /// Of the order of all tasks, and of what came of them.
  [[nodiscard]] std::uint64_t trace_hash() {
    std::uint64_t hash = world_.simulated().trace_hash();
    const auto mix = [&](std::uint64_t number) { hash = (hash ^ number) * 0x100000001b3; };
    for (const CommittedEntry& committed : world_.checkers().facts().committed) {
      mix(committed.entry.term.value());
      for (const std::uint8_t byte : committed.entry.digest.bytes) mix(byte);
    }
    for (const Operation& operation : world_.history()) mix(operation.returned.value_or(0));
    return hash;
  }

  World world_;
  Operator operator_;
  FaultPlan faults_;
  ChangePlan changes_;
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace

RunResult run(const Settings& settings, Trace::Write trace) {
  return Run(settings, std::move(trace)).run();
}

}  // namespace lockstep::sim
