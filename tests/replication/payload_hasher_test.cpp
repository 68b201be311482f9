#include "replication/payload_hasher.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "lockstep/asio_runtime.hpp"
#include "replication/waiting.hpp"

namespace lockstep::test {
namespace {

using replication::PayloadHasher;

TEST(PayloadHasher, HashesOnAThreadOfItsOwn) {
  PayloadHasher hasher(AsioRuntime::create());
  std::promise<std::thread::id> ran;
  hasher.run([&] { ran.set_value(std::this_thread::get_id()); });
  EXPECT_NE(await(ran.get_future()), std::this_thread::get_id());
}

TEST(PayloadHasher, StopWaitsForTheOneUnderWayAndDropsTheRest) {
  PayloadHasher hasher(AsioRuntime::create());
  Gate gate;
  gate.close();
  std::atomic<bool> first = false;
  std::atomic<bool> second = false;
  std::atomic<bool> third = false;
  hasher.run([&] {
    gate.pass();
    first = true;
  });
  ASSERT_TRUE(gate.await_waiter());
  hasher.run([&] { second = true; });
  std::promise<bool> first_had_ended;
  auto stopped = first_had_ended.get_future();
  hasher.stop([&] { first_had_ended.set_value(first); });
  hasher.run([&] { third = true; });
  EXPECT_EQ(stopped.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  gate.open();
  EXPECT_TRUE(await(std::move(stopped)));
  EXPECT_FALSE(second);
  EXPECT_FALSE(third);
}

TEST(PayloadHasher, StopsAtOnceIfNothingWasLarge) {
  PayloadHasher hasher(AsioRuntime::create());
  bool stopped = false;
  hasher.stop([&] { stopped = true; });
  EXPECT_TRUE(stopped);
}

}  // namespace
}  // namespace lockstep::test
