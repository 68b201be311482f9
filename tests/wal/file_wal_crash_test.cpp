// A workload, interrupted at every call to the disk: what was acknowledged is there afterwards, a
// change is there as a whole or not at all, and nothing comes before what it followed.
#include <gtest/gtest.h>

#include <deque>

#include "wal/file_wal_fixture.hpp"

namespace lockstep::testing {
namespace {

/// What a log should hold.
struct Model {
  std::uint64_t first = 1;
  std::uint64_t last_term = 0;
  std::deque<Entry> entries;
  HardState hard_state;
  std::optional<Boundary> boundary;

  [[nodiscard]] std::uint64_t next() const { return first + entries.size(); }
  [[nodiscard]] bool matches(const WALState& state, const std::vector<Entry>& found) const {
    if (state.bounds.first.value() != first || state.bounds.last.value() + 1 != next() ||
        state.hard_state != hard_state || state.boundary != boundary ||
        found.size() != entries.size()) {
      return false;
    }
    return std::equal(found.begin(), found.end(), entries.begin(), same);
  }
};

/// A change, for the log and for the model.
struct Change {
  WALWrite write;
  std::optional<Boundary> release;
};

/// The changes that the seed picks: appends of all sizes, truncations, votes, releases, resets.
Change draw_change(SplitMix64& numbers, Model& model) {
  Change change;
  const auto append_some = [&] {
    const std::uint64_t term = std::max<std::uint64_t>(model.last_term, 1) + numbers.below(2);
    for (std::uint64_t count = 1 + numbers.below(3); count > 0; --count) {
      const std::size_t bytes = numbers.below(4) == 0 ? 16000 : numbers.below(900);
      change.write.entries.push_back(make_entry(model.next(), term, bytes));
      model.entries.push_back(change.write.entries.back());
    }
    model.last_term = term;
  };
  switch (numbers.below(10)) {
    case 0:
      if (model.entries.size() > 1) {
        const std::uint64_t kept = numbers.below(model.entries.size());
        change.write.truncate_from = Index(model.first + kept);
        model.entries.resize(kept);
        model.last_term += 1;  // the next leader's
        append_some();
        return change;
      }
      break;
    case 1:
      model.hard_state = {Term(model.hard_state.current_term.value() + 1), kNode};
      change.write.hard_state = model.hard_state;
      if (numbers.below(2) == 0) return change;
      break;
    case 2:
      if (model.entries.size() > 8) {
        const std::uint64_t gone = 1 + numbers.below(6);
        const EntryId last = model.entries[gone - 1].id();
        change.release = make_boundary(last.index.value(), last.term.value());
        model.first += gone;
        model.entries.erase(model.entries.begin(),
                            model.entries.begin() + static_cast<std::ptrdiff_t>(gone));
        model.boundary = change.release;
        return change;
      }
      break;
    case 3:
      if (numbers.below(4) == 0) {
        change.write.boundary = make_boundary(model.next() + 5, model.last_term + 1);
        model.boundary = change.write.boundary;
        model.first = model.next() + 6;
        model.entries.clear();
        model.last_term += 1;
        return change;
      }
      break;
    default:
      break;
  }
  append_some();
  return change;
}

/// Does changes in bursts and keeps count of what the log may hold: the acknowledged state, and
/// those that lead on from it.
class Workload {
 public:
  explicit Workload(std::uint64_t seed) : numbers_(seed) {}

  /// Until `bursts` are done or the log has failed for good.
  void run(FileNode& node, int bursts) {
    for (int burst = 0; burst < bursts && !failed_; ++burst) {
      Model base = possible_.front();  // beyond it nothing was acknowledged
      std::vector<Model> states;
      std::vector<Error> outcomes;
      for (std::uint64_t count = 1 + numbers_.below(4); count > 0; --count) {
        Change change = draw_change(numbers_, base);
        states.push_back(base);
        const auto note = [&](const Error& error) { outcomes.push_back(error); };
        if (change.release) {
          node.wal->release_prefix(*change.release, note);
        } else {
          node.wal->write(std::move(change.write), note);
        }
      }
      node.runtime.executor->run();
      ASSERT_EQ(outcomes.size(), states.size());
      if (numbers_.below(5) == 0) node.runtime.fire_timers();
      note_outcomes(states, outcomes);
    }
  }

  void expect_one_of_the_possible(const WALState& state, FileNode& node) {
    std::vector<Entry> found;
    while (state.bounds.first.value() + found.size() <= state.bounds.last.value()) {
      const auto read =
          node.call().read(state.bounds.first.value() + found.size(), ~std::uint64_t{0}, 20000);
      ASSERT_TRUE(read) << read.error().message;
      found.insert(found.end(), read->begin(), read->end());
    }
    EXPECT_TRUE(state.damaged.empty());
    for (const Model& model : possible_) {
      if (!model.matches(state, found)) continue;
      possible_ = {model};
      failed_ = false;
      return;
    }
    FAIL() << "the log holds " << state.bounds.first.value() << " to " << state.bounds.last.value()
           << ", acknowledged was up to " << possible_.front().next() - 1;
  }

 private:
  void note_outcomes(const std::vector<Model>& states, const std::vector<Error>& outcomes) {
    for (std::size_t i = 0; i < states.size(); ++i) {
      const bool after_failure = i > 0 && outcomes[i - 1];
      if (!outcomes[i]) {
        ASSERT_FALSE(after_failure) << "acknowledged behind a failure";
        possible_ = {states[i]};
      } else {
        possible_.push_back(states[i]);
        if (outcomes[i] != Errc::kNoSpace) failed_ = true;
      }
    }
  }

  SplitMix64 numbers_;
  std::vector<Model> possible_ = {Model{}};  // the first is acknowledged
  bool failed_ = false;
};

constexpr int kBursts = 30;

// Under a sanitizer, which is slow, a sample of the calls; ThreadSanitizer has nothing to find
// here.
#if defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kStride = 11;
#elif defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t kStride = 3;
#else
constexpr std::uint64_t kStride = 1;
#endif

/// The calls that the whole workload takes.
std::uint64_t count_calls(std::uint64_t seed, std::string* last_path = nullptr) {
  SimulatedDisk disk;
  FileNode node(disk);
  EXPECT_TRUE(node.open());
  Workload workload(seed);
  workload.run(node, kBursts);
  EXPECT_FALSE(node.call().close());
  if (last_path != nullptr) *last_path = last_segment(disk);
  const auto state = node.open();
  EXPECT_TRUE(state);
  if (state) workload.expect_one_of_the_possible(*state, node);
  return disk.calls();
}

TEST(FileWALCrash, AWorkloadThatNobodyInterruptsIsKept) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    std::string last_path;
    EXPECT_GT(count_calls(seed, &last_path), 80U);
    EXPECT_GE(last_path, segment_path(3)) << "the workload rolls over";
  }
}

class FileWALCrashAt : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(FileWALCrashAt, EveryCallKeepsWhatWasAcknowledged) {
  const std::uint64_t workload_seed = GetParam();
  const std::uint64_t calls = count_calls(workload_seed);
  std::uint64_t points = 0;
  for (std::uint64_t call = 1; call <= calls; call += kStride) {
    for (std::uint64_t tearing = 0; tearing < 4; ++tearing) {
      SCOPED_TRACE("call " + std::to_string(call) + ", tearing " + std::to_string(tearing));
      SplitMix64 numbers(call * 4 + tearing);
      SimulatedDisk disk;
      Workload workload(workload_seed);
      disk.cut_power_at(call);
      {
        FileNode node(disk);
        if (node.open()) workload.run(node, kBursts);
      }
      disk.crash(numbers.next());
      // Once more while recovering.
      {
        disk.cut_power_at(disk.calls() + 1 + numbers.below(12));
        FileNode node(disk, numbers.next());
        static_cast<void>(node.open());
      }
      disk.crash(numbers.next());
      FileNode node(disk, numbers.next());
      const auto state = node.open();
      ASSERT_TRUE(state) << state.error().message;
      workload.expect_one_of_the_possible(*state, node);
      workload.run(node, 2);
      ASSERT_FALSE(node.call().close());
      const auto again = node.open();
      ASSERT_TRUE(again) << again.error().message;
      workload.expect_one_of_the_possible(*again, node);
      if (HasFatalFailure() || HasNonfatalFailure()) return;
      ++points;
    }
  }
  RecordProperty("crash_points", static_cast<int>(points));
  EXPECT_GE(points, calls * 4 / kStride);
}

TEST_P(FileWALCrashAt, EveryCallMayFail) {
  const std::uint64_t workload_seed = GetParam();
  const std::uint64_t calls = count_calls(workload_seed);
  for (const Errc code : {Errc::kIo, Errc::kNoSpace}) {
    for (std::uint64_t call = 1; call <= calls; call += kStride) {
      for (const bool power_cut : {false, true}) {
        SCOPED_TRACE(Error(code).message + " at call " + std::to_string(call));
        SimulatedDisk disk;
        Workload workload(workload_seed);
        disk.fail_call(call, code);
        {
          FileNode node(disk);
          if (node.open()) workload.run(node, kBursts);
        }
        disk.heal();
        if (power_cut) disk.crash(call);
        // What was found counts from then on, though a failed sync may have left it in the page
        // cache alone.
        for (std::uint64_t round = 0; round < 2; ++round) {
          FileNode node(disk, call + round);
          const auto state = node.open();
          ASSERT_TRUE(state) << state.error().message;
          workload.expect_one_of_the_possible(*state, node);
          if (HasFatalFailure() || HasNonfatalFailure()) return;
          disk.crash(call + round);
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, FileWALCrashAt, ::testing::Values(1, 2, 3));

}  // namespace
}  // namespace lockstep::testing
