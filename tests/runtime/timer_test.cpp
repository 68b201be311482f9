#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "lockstep/asio_runtime.hpp"

namespace lockstep {
namespace {

using namespace std::chrono_literals;

TEST(Timer, FiresOnItsExecutorAndNotBeforeItsTime) {
  const auto runtime = AsioRuntime::create();
  const auto worker = runtime->make_worker("test");
  std::promise<MonotonicTime> fired;
  const MonotonicTime before = runtime->now();
  const auto timer = runtime->schedule(worker, 5ms, [&] { fired.set_value(runtime->now()); });
  EXPECT_GE(fired.get_future().get() - before, 5ms);
}

TEST(Timer, FireInTheOrderOfTheirTimes) {
  const auto runtime = AsioRuntime::create();
  const auto strand = runtime->make_strand();
  std::vector<int> order;
  std::promise<void> last;
  std::vector<std::unique_ptr<Runtime::Timer>> timers;
  timers.push_back(runtime->schedule(strand, 30ms, [&] {
    order.push_back(3);
    last.set_value();
  }));
  timers.push_back(runtime->schedule(strand, 1ms, [&] { order.push_back(1); }));
  timers.push_back(runtime->schedule(strand, 15ms, [&] { order.push_back(2); }));
  last.get_future().get();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(Timer, DroppingItCancelsAndLetsGoOfTheTask) {
  const auto runtime = AsioRuntime::create();
  const auto strand = runtime->make_strand();
  std::atomic<bool> ran{false};
  auto held = std::make_shared<std::promise<void>>();
  const std::weak_ptr<std::promise<void>> watched = held;
  auto cancelled = runtime->schedule(strand, 1h, [&ran, held] { ran = true; });
  auto at_once = runtime->schedule(strand, 0ns, [&ran] { ran = true; });
  held.reset();
  cancelled.reset();
  std::promise<void> later;
  const auto timer = runtime->schedule(strand, 2ms, [&] { later.set_value(); });
  later.get_future().get();
  EXPECT_TRUE(watched.expired());
  EXPECT_TRUE(ran) << "the one that was not dropped";
}

TEST(Timer, AfterItsExecutorIsGoneTheTaskIsDropped) {
  const auto runtime = AsioRuntime::create();
  auto worker = runtime->make_worker("test");
  std::atomic<bool> ran{false};
  const auto timer = runtime->schedule(worker, 1ms, [&] { ran = true; });
  const std::weak_ptr<IExecutor> watched = worker;
  worker.reset();
  EXPECT_TRUE(watched.expired()) << "a timer does not keep it alive";
  const auto strand = runtime->make_strand();
  std::promise<void> later;
  const auto sentinel = runtime->schedule(strand, 5ms, [&] { later.set_value(); });
  later.get_future().get();  // the first timer has fired by now, into nothing
}

TEST(Timer, MayOutliveTheRuntime) {
  auto runtime = AsioRuntime::create();
  const auto strand = runtime->make_strand();
  auto timer = runtime->schedule(strand, 1h, [] {});
  runtime.reset();
  timer.reset();
}

}  // namespace
}  // namespace lockstep
