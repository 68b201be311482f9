#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <future>
#include <stdexcept>
#include <thread>

#include "lockstep/asio_runtime.hpp"

namespace lockstep {
namespace {

using namespace std::chrono_literals;

/// Waits for all that was posted before.
void drain(IExecutor& executor) {
  std::promise<void> reached;
  executor.post([&] { reached.set_value(); });
  reached.get_future().get();
}

class Executors : public ::testing::TestWithParam<bool> {
 protected:
  std::shared_ptr<IExecutor> make() {
    return GetParam() ? runtime_->make_worker("test") : runtime_->make_strand();
  }
  std::shared_ptr<AsioRuntime> runtime_ = AsioRuntime::create();
};

TEST_P(Executors, RunInOrderOneAtATimeFromManyThreads) {
  const auto executor = make();
  constexpr int kThreads = 4;
  constexpr int kTasks = 500;
  int last_of[kThreads] = {};
  int total = 0;
  std::atomic<int> inside{0};
  bool in_order = true;
  bool alone = true;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 1; i <= kTasks; ++i) {
        executor->post([&, thread, i] {
          alone = alone && inside.fetch_add(1) == 0;
          in_order = in_order && last_of[thread] == i - 1;
          last_of[thread] = i;
          ++total;
          inside.fetch_sub(1);
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  drain(*executor);
  EXPECT_EQ(total, kThreads * kTasks);
  EXPECT_TRUE(in_order);
  EXPECT_TRUE(alone);
}

TEST_P(Executors, NeverRunATaskInsidePost) {
  const auto executor = make();
  std::vector<int> order;
  executor->post([&] {
    executor->post([&] { order.push_back(2); });
    order.push_back(1);
  });
  drain(*executor);
  drain(*executor);
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST_P(Executors, AnExceptionEndsItsTaskOnly) {
  const auto executor = make();
  bool reached = false;
  executor->post([] { throw std::runtime_error("thrown by a test"); });
  executor->post([] { throw 1; });
  executor->post([&] { reached = true; });
  drain(*executor);
  EXPECT_TRUE(reached);
}

INSTANTIATE_TEST_SUITE_P(, Executors, ::testing::Bool(),
                         [](const auto& kind) { return kind.param ? "Worker" : "Strand"; });

TEST(Worker, HasAThreadOfItsOwn) {
  const auto runtime = AsioRuntime::create();
  const auto first = runtime->make_worker("first");
  const auto second = runtime->make_worker("a name that is too long for the system");
  std::promise<void> gate;
  first->post([&] { gate.get_future().wait(); });
  drain(*second);  // though the first is blocked
  gate.set_value();
  drain(*first);
}

TEST(Worker, LettingGoRunsWhatWasPostedAndJoins) {
  const auto runtime = AsioRuntime::create();
  int ran = 0;
  auto worker = runtime->make_worker("test");
  for (int i = 0; i < 100; ++i) worker->post([&] { ++ran; });
  worker.reset();
  EXPECT_EQ(ran, 100);
}

TEST(Worker, MayBeLetGoByItsOwnThread) {
  const auto runtime = AsioRuntime::create();
  std::promise<void> ended;
  auto future = ended.get_future();
  auto worker = runtime->make_worker("test");
  IExecutor* const raw = worker.get();
  std::promise<void> gate;
  auto opened = gate.get_future().share();
  raw->post([own = worker, opened]() mutable {
    opened.wait();
    own.reset();
  });
  raw->post([&] { ended.set_value(); });
  worker.reset();
  gate.set_value();
  EXPECT_EQ(future.wait_for(10s), std::future_status::ready);
}

TEST(AsioRuntime, StrandsRunOnOneThreadWhichIsNotTheCallers) {
  const auto runtime = AsioRuntime::create();
  const auto first = runtime->make_strand();
  const auto second = runtime->make_strand();
  std::thread::id ids[2];
  first->post([&] { ids[0] = std::this_thread::get_id(); });
  second->post([&] { ids[1] = std::this_thread::get_id(); });
  drain(*first);
  drain(*second);
  EXPECT_EQ(ids[0], ids[1]);
  EXPECT_NE(ids[0], std::this_thread::get_id());
}

TEST(AsioRuntime, RunsOnTheHostsExecutor) {
  boost::asio::io_context context;
  const auto runtime = AsioRuntime::create(context.get_executor());
  const auto strand = runtime->make_strand();
  bool ran = false;
  bool fired = false;
  strand->post([&] { ran = true; });
  const auto timer = runtime->schedule(strand, 1ms, [&] { fired = true; });
  EXPECT_FALSE(ran);
  context.run();
  EXPECT_TRUE(ran);
  EXPECT_TRUE(fired);
  EXPECT_EQ(runtime->io_executor(), boost::asio::any_io_executor(context.get_executor()));
}

TEST(AsioRuntime, TasksPostedAfterItsEndAreDropped) {
  auto runtime = AsioRuntime::create();
  const auto strand = runtime->make_strand();
  runtime.reset();
  bool ran = false;
  strand->post([&] { ran = true; });
  EXPECT_FALSE(ran);
}

TEST(AsioRuntime, MayBeLetGoByItsOwnThread) {
  auto runtime = AsioRuntime::create();
  std::promise<void> done;
  auto future = done.get_future();
  const auto strand = runtime->make_strand();
  std::promise<void> gate;
  auto opened = gate.get_future().share();
  strand->post([own = runtime, opened, &done]() mutable {
    opened.wait();
    own.reset();
    done.set_value();
  });
  runtime.reset();
  gate.set_value();
  EXPECT_EQ(future.wait_for(10s), std::future_status::ready);
}

TEST(AsioRuntime, ClockAndChance) {
  const auto runtime = AsioRuntime::create();
  const MonotonicTime before = runtime->now();
  EXPECT_LE(before, runtime->now());
  EXPECT_GT(runtime->wall_clock_ms(), std::int64_t{1'600'000'000'000});
  EXPECT_NE(runtime->random(), runtime->random());
}

}  // namespace
}  // namespace lockstep
