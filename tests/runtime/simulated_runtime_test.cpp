#include "lockstep/testing/simulated_runtime.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "runtime/posix_file_system.hpp"

namespace lockstep::testing {
namespace {

using namespace std::chrono_literals;

/// Three executors with five tasks each: "a0", "b0", ..., in the order in which they ran.
std::string order_of(std::uint64_t seed) {
  SimulatedRuntime simulated(seed);
  std::string order;
  const std::shared_ptr<IExecutor> executors[] = {simulated.runtime()->make_strand(),
                                                  simulated.runtime()->make_strand(),
                                                  simulated.runtime()->make_worker("c")};
  for (char task = '0'; task < '5'; ++task) {
    for (char name = 'a'; name <= 'c'; ++name) {
      executors[name - 'a']->post([&order, name, task] { order += {name, task}; });
    }
  }
  EXPECT_TRUE(order.empty()) << "nothing runs by itself";
  simulated.run_until_idle();
  return order;
}

TEST(SimulatedRuntime, SeedPicksWhoIsNextAndOrderWithinAnExecutorStays) {
  EXPECT_EQ(order_of(1), order_of(1));
  EXPECT_NE(order_of(1), order_of(2));
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    std::string order = order_of(seed);
    ASSERT_EQ(order.size(), 30U);
    for (const char name : {'a', 'b', 'c'}) {
      std::string own;
      for (std::size_t i = 0; i < order.size(); i += 2) {
        if (order[i] == name) own += order[i + 1];
      }
      EXPECT_EQ(own, "01234");
    }
  }
}

TEST(SimulatedRuntime, TimeStandsWhileAnythingIsReady) {
  SimulatedRuntime simulated(1);
  const auto runtime = simulated.runtime();
  const auto strand = runtime->make_strand();
  const std::int64_t wall = runtime->wall_clock_ms();
  std::vector<std::pair<int, std::chrono::nanoseconds>> ran;
  const auto note = [&](int number) {
    return [&, number] { ran.emplace_back(number, simulated.elapsed()); };
  };
  const auto second = runtime->schedule(strand, 20ms, note(2));
  const auto first = runtime->schedule(strand, 10ms, note(1));
  const auto at_once = runtime->schedule(strand, 0ns, note(0));
  const auto late = runtime->schedule(strand, 31ms, note(3));
  simulated.run_until_idle();
  EXPECT_EQ(ran.size(), 1U);
  simulated.run_for(30ms);
  EXPECT_EQ(simulated.elapsed(), 30ms);
  EXPECT_EQ(
      ran, (std::vector<std::pair<int, std::chrono::nanoseconds>>{{0, 0ms}, {1, 10ms}, {2, 20ms}}));
  EXPECT_EQ(runtime->wall_clock_ms() - wall, 30);
  EXPECT_EQ(runtime->now(), simulated.now());
  EXPECT_TRUE(simulated.run_one()) << "moves to the next timer";
  EXPECT_EQ(simulated.elapsed(), 31ms);
  EXPECT_FALSE(simulated.run_one());
}

TEST(SimulatedRuntime, HoursPassInNoTime) {
  SimulatedRuntime simulated(1);
  const auto strand = simulated.runtime()->make_strand();
  int ticks = 0;
  std::unique_ptr<Runtime::Timer> timer;
  const std::function<void()> tick = [&] {
    ++ticks;
    timer = simulated.runtime()->schedule(strand, 1s, tick);
  };
  tick();
  simulated.run_for(24h);
  EXPECT_EQ(ticks, 24 * 3600 + 1);
}

TEST(SimulatedRuntime, RunsUntilSomethingHolds) {
  SimulatedRuntime simulated(1);
  const auto strand = simulated.runtime()->make_strand();
  bool done = false;
  const auto timer = simulated.runtime()->schedule(strand, 70ms, [&] { done = true; });
  EXPECT_FALSE(simulated.run_until([&] { return done; }, 50ms));
  EXPECT_EQ(simulated.elapsed(), 50ms);
  EXPECT_TRUE(simulated.run_until([&] { return done; }, 1h));
  EXPECT_EQ(simulated.elapsed(), 70ms) << "it stops at once";
}

TEST(SimulatedRuntime, TimerThatIsDroppedLetsGoOfItsTask) {
  SimulatedRuntime simulated(1);
  const auto strand = simulated.runtime()->make_strand();
  auto held = std::make_shared<int>();
  const std::weak_ptr<int> watched = held;
  bool ran = false;
  auto timer = simulated.runtime()->schedule(strand, 1ms, [&ran, held] { ran = true; });
  held.reset();
  timer.reset();
  EXPECT_TRUE(watched.expired());
  simulated.run_for(1s);
  EXPECT_FALSE(ran);
  EXPECT_EQ(simulated.tasks_run(), 0U);
}

TEST(SimulatedRuntime, TimerDoesNotKeepItsExecutor) {
  SimulatedRuntime simulated(1);
  auto strand = simulated.runtime()->make_strand();
  bool ran = false;
  const auto timer = simulated.runtime()->schedule(strand, 1ms, [&] { ran = true; });
  strand.reset();
  simulated.run_for(1s);
  EXPECT_FALSE(ran);
}

TEST(SimulatedRuntime, TimerForEverIsFarAway) {
  SimulatedRuntime simulated(1);
  const auto strand = simulated.runtime()->make_strand();
  bool ran = false;
  simulated.run_for(1h);
  const auto timer =
      simulated.runtime()->schedule(strand, std::chrono::nanoseconds::max(), [&] { ran = true; });
  simulated.run_for(24h * 365);
  EXPECT_FALSE(ran);
}

TEST(SimulatedRuntime, LettingGoOfAStrandLosesNoTask) {
  SimulatedRuntime simulated(1);
  bool ran = false;
  simulated.runtime()->make_strand()->post([&] { ran = true; });
  EXPECT_FALSE(ran);
  simulated.run_until_idle();
  EXPECT_TRUE(ran);
}

TEST(SimulatedRuntime, LettingGoOfAWorkerRunsWhatWasPosted) {
  SimulatedRuntime simulated(1);
  const auto strand = simulated.runtime()->make_strand();
  auto worker = simulated.runtime()->make_worker("w");
  std::string order;
  worker->post([&] { order += "w1 "; });
  worker->post([&] { order += "w2 "; });
  strand->post([&] {
    order += "s( ";
    worker.reset();  // as if joined
    order += ")s ";
  });
  while (worker) ASSERT_TRUE(simulated.run_one());
  EXPECT_TRUE(order == "s( w1 w2 )s " || order == "w1 s( w2 )s " || order == "w1 w2 s( )s ")
      << order;
}

TEST(SimulatedRuntime, WorkerMayBeLetGoByItsOwnTask) {
  SimulatedRuntime simulated(1);
  auto worker = simulated.runtime()->make_worker("w");
  std::string order;
  worker->post([&] {
    worker.reset();
    order += "1";
  });
  worker->post([&] { order += "2"; });
  simulated.run_until_idle();
  EXPECT_EQ(order, "12") << "not one inside the other";
}

TEST(SimulatedRuntime, ExceptionEndsItsTaskOnly) {
  SimulatedRuntime simulated(1);
  const auto strand = simulated.runtime()->make_strand();
  bool ran = false;
  strand->post([] { throw std::runtime_error("thrown by a test"); });
  strand->post([&] { ran = true; });
  simulated.run_until_idle();
  EXPECT_TRUE(ran);
}

TEST(SimulatedRuntime, IsNotDrivenFromInsideATask) {
  SimulatedRuntime simulated(1);
  const auto strand = simulated.runtime()->make_strand();
  std::vector<bool> answers;
  bool nested = false;
  strand->post([&] {
    strand->post([&] { nested = true; });
    answers = {simulated.run_one(), simulated.run_until_idle(), simulated.run_for(1s),
               simulated.run_until([] { return true; }, 1s)};
    EXPECT_FALSE(nested);
  });
  simulated.run_until_idle();
  EXPECT_EQ(answers, std::vector<bool>(4, false));
  EXPECT_TRUE(nested);
  EXPECT_EQ(simulated.elapsed(), 0s);
}

TEST(SimulatedRuntime, EndDropsWhatIsPendingEvenIfItOwnsTheRuntime) {
  bool ran = false;
  std::shared_ptr<IExecutor> strand;
  std::weak_ptr<Runtime> watched;
  std::unique_ptr<Runtime::Timer> timer;
  {
    SimulatedRuntime simulated(1);
    const auto runtime = simulated.runtime();
    watched = runtime;
    strand = runtime->make_strand();
    strand->post([&ran, runtime, strand] { ran = true; });
    timer = runtime->schedule(strand, 1s, [&ran, runtime] { ran = true; });
    runtime->make_strand()->post([runtime] {});
  }
  strand->post([&] { ran = true; });
  auto another = watched.lock()->schedule(strand, 0ns, [&] { ran = true; });
  EXPECT_FALSE(ran);
  timer.reset();
  another.reset();
  strand.reset();
  EXPECT_TRUE(watched.expired());
}

/// Posts the next of its kind when it is let go of.
struct Chain {
  Chain(std::shared_ptr<IExecutor> on, int links, int& counter)
      : executor(std::move(on)), left(links), ended(counter) {}
  ~Chain() {
    ++ended;
    if (left == 0) return;
    executor->post([next = std::make_shared<Chain>(executor, left - 1, ended)] {});
  }
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;
  std::shared_ptr<IExecutor> executor;
  int left;
  int& ended;
};

TEST(SimulatedRuntime, EndIsNoDeepRecursionHoweverMuchIsPostedMeanwhile) {
  constexpr int kLinks = 200'000;
  int ended = 0;
  {
    SimulatedRuntime simulated(1);
    const auto strand = simulated.runtime()->make_strand();
    strand->post([chain = std::make_shared<Chain>(strand, kLinks, ended)] {});
  }
  EXPECT_EQ(ended, kLinks + 1);
}

TEST(SimulatedRuntime, FilesAreThoseGivenOrRefused) {
  SimulatedRuntime without(1);
  IFileSystem& none = without.runtime()->file_system();
  EXPECT_EQ(none.exists("/tmp").error(), Errc::kNotSupported);
  EXPECT_EQ(none.create_folder("x").error(), Errc::kNotSupported);
  const auto files = std::make_shared<PosixFileSystem>();
  SimulatedRuntime with(1, files);
  EXPECT_EQ(&with.runtime()->file_system(), files.get());
}

/// Executors that post to each other, with timers and chance.
std::uint64_t trace_of(std::uint64_t seed) {
  SimulatedRuntime simulated(seed);
  const auto runtime = simulated.runtime();
  std::vector<std::shared_ptr<IExecutor>> executors;
  for (int i = 0; i < 5; ++i) executors.push_back(runtime->make_strand());
  std::vector<std::unique_ptr<Runtime::Timer>> timers;
  const std::function<void(int)> step = [&](int left) {
    if (left == 0) return;
    const auto& next = executors[runtime->random() % executors.size()];
    next->post([&step, left] { step(left - 1); });
    const std::chrono::nanoseconds delay{runtime->random() % 1'000'000};
    timers.push_back(runtime->schedule(next, delay, [&step, left] { step(left / 3); }));
  };
  step(12);
  simulated.run_for(1s);
  EXPECT_GT(simulated.tasks_run(), 50U);
  return simulated.trace_hash();
}

TEST(SimulatedRuntime, TraceIsThatOfTheSeed) {
  EXPECT_EQ(trace_of(7), trace_of(7));
  EXPECT_NE(trace_of(7), trace_of(8));
  // The same in every build and process; changes only with the scheduler itself.
  EXPECT_EQ(trace_of(7), 16863345608514218797U);
}

TEST(SimulatedRuntime, TraceTellsOrdersApart) {
  const auto trace = [](bool swapped) {
    SimulatedRuntime simulated(1);
    const auto first = simulated.runtime()->make_strand();
    const auto second = simulated.runtime()->make_strand();
    (swapped ? second : first)->post([] {});
    simulated.run_until_idle();
    return simulated.trace_hash();
  };
  EXPECT_NE(trace(false), trace(true));
}

}  // namespace
}  // namespace lockstep::testing
