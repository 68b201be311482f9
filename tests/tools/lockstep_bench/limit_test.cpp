#include "benchmark/limits/limit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

namespace lockstep::benchmark {
namespace {

using ::testing::StartsWith;

double processors() { return std::max(1u, std::thread::hardware_concurrency()); }

/// Of a machine whose parts are all far quicker than the run below.
Calibration quick_machine() {
  Calibration calibration;
  calibration.hash_one_mb_s = 1e6;
  calibration.hash_many_mb_s = 1e6;
  calibration.hash_entry_us = 0.001;
  calibration.fsync_4k_us = calibration.fsync_64k_us = 1;
  calibration.fsync_4k_three_us = calibration.fsync_64k_three_us = 1;
  calibration.disk_three_mb_s = 1e6;
  calibration.sync_cpu_us = 0.01;
  calibration.disk_cpu_us_per_mb = 1;
  calibration.tcp_round_trip_us = calibration.websocket_round_trip_us = 1;
  calibration.loopback_mb_s = 1e6;
  calibration.loopback_cpu_us_per_mb = 1;
  return calibration;
}

/// Busy for this share of the processors' time, two thirds of that in the kernel.
BareResult run_that_is_busy(double share) {
  BareResult run;
  run.entries_per_s = 100'000;
  run.cpu_us_per_entry = share * processors() * 1e6 / run.entries_per_s;
  run.system_cpu_us_per_entry = run.cpu_us_per_entry * 2 / 3;
  run.fsyncs_per_s = 1000;
  run.wire_bytes_per_entry = 330;
  run.in_flight = 1024;
  return run;
}

double sum_of(const Profile& profile) {
  return profile.hash_us + profile.loopback_us + profile.disk_us + profile.rest_of_kernel_us +
         profile.own_code_us + profile.idle_us;
}

void expect_to_add_up(const Limit& limit) {
  const double whole_us = processors() * 1e6 / limit.run.entries_per_s;
  EXPECT_NEAR(sum_of(limit.profile), whole_us, whole_us * 1e-9);
  for (const double part :
       {limit.profile.hash_us, limit.profile.loopback_us, limit.profile.disk_us,
        limit.profile.rest_of_kernel_us, limit.profile.own_code_us, limit.profile.idle_us}) {
    EXPECT_GE(part, 0);
  }
}

TEST(BenchLimit, IsHonestIfTheProcessorsWereBusy) {
  const Limit busy = judge(quick_machine(), {}, run_that_is_busy(0.75));
  EXPECT_TRUE(busy.honest);
  EXPECT_LT(busy.share_of_tightest, kLeastHonestShare);
  EXPECT_NEAR(busy.share_of_processors, 0.75, 1e-9);
  expect_to_add_up(busy);
}

TEST(BenchLimit, IsNotHonestIfTheProcessorsWereIdleAndNoPartWasNearItsBound) {
  const Limit idle = judge(quick_machine(), {}, run_that_is_busy(0.65));
  EXPECT_FALSE(idle.honest);
  EXPECT_THAT(to_string(idle), StartsWith("limit not honest"));
  expect_to_add_up(idle);
}

TEST(BenchLimit, IsHonestNearTheTightestBoundHoweverIdleTheProcessorsWere) {
  Calibration calibration = quick_machine();
  const BareResult run = run_that_is_busy(0.1);
  calibration.disk_three_mb_s = run.entries_per_s / 0.8 * run.wire_bytes_per_entry * 1e-6;
  const Limit limit = judge(calibration, {}, run);
  EXPECT_TRUE(limit.honest);
  EXPECT_EQ(limit.tightest.name, "disk with three writers");
  EXPECT_NEAR(limit.share_of_tightest, 0.8, 1e-9);
}

TEST(BenchLimit, TheProfileAddsUpWhereTheCalibratedPartsTakeMoreThanWasMeasured) {
  Calibration calibration = quick_machine();
  calibration.loopback_cpu_us_per_mb = 1e6;
  calibration.hash_entry_us = 1e3;
  const Limit limit = judge(calibration, {}, run_that_is_busy(0.9));
  expect_to_add_up(limit);
  EXPECT_EQ(limit.profile.own_code_us, 0);
  EXPECT_EQ(limit.profile.rest_of_kernel_us, 0);
}

TEST(Calibrations, DifferIfAnyOfTheirFiguresDoes) {
  const Calibration before = quick_machine();
  EXPECT_EQ(drift(before, before).share, 0);
  constexpr std::pair<const char*, double Calibration::*> kFigures[] = {
      {"hash_one_mb_s", &Calibration::hash_one_mb_s},
      {"hash_many_mb_s", &Calibration::hash_many_mb_s},
      {"fsync_4k_us", &Calibration::fsync_4k_us},
      {"fsync_64k_us", &Calibration::fsync_64k_us},
      {"fsync_4k_three_us", &Calibration::fsync_4k_three_us},
      {"fsync_64k_three_us", &Calibration::fsync_64k_three_us},
      {"tcp_round_trip_us", &Calibration::tcp_round_trip_us},
      {"websocket_round_trip_us", &Calibration::websocket_round_trip_us},
      {"loopback_mb_s", &Calibration::loopback_mb_s}};
  for (const auto& [name, figure] : kFigures) {
    Calibration after = before;
    after.*figure *= 1.2;
    EXPECT_EQ(drift(before, after).what, name);
    EXPECT_GT(drift(before, after).share, kMostDrift);
    EXPECT_GT(drift(after, before).share, kMostDrift);
  }
}

}  // namespace
}  // namespace lockstep::benchmark
