#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

#include "lockstep/testing/process_resources.hpp"
#include "lockstep/testing/simulated_disk.hpp"
#include "lockstep/testing/wal_conformance/testbed.hpp"
#include "lockstep/testing/wal_conformance/wal_caller.hpp"
#include "lockstep/testing/wal_conformance/workload.hpp"

namespace lockstep::testing {

/// A workload, and at which of its calls of the file system something happens.
struct CrashPlan {
  std::uint64_t seed = 1;
  int bursts = 12;
  /// Every call, or every second, ...
  std::uint64_t stride = 1;
  /// Of a call that fails and is not final: how many bursts still follow. None: all.
  std::optional<int> bursts_after{};
};

/// How a call of the file system fails.
struct DiskFault {
  Errc code = Errc::kIo;
  SimulatedDisk::Written written = SimulatedDisk::Written::kHalf;
  /// So do all that follow and would change something, until the log is opened anew.
  bool lasting = false;
};

namespace crash_points {

/// Whoever is left after a crash: opens, finds what may be there, goes on, closes, opens again.
inline void expect_recovery(WALTestbed& testbed, WALWorkload& workload) {
  WALCaller log(testbed);
  const auto state = log.open();
  ASSERT_TRUE(state) << state.error().message;
  ASSERT_NO_FATAL_FAILURE(workload.expect_possible(*state, log));
  ASSERT_NO_FATAL_FAILURE(workload.run(log, testbed, 2));
  ASSERT_FALSE(workload.failure()) << workload.failure().message;
  const Error closed = log.close();
  ASSERT_FALSE(closed) << closed.message;
  const auto again = log.open();
  ASSERT_TRUE(again) << again.error().message;
  ASSERT_NO_FATAL_FAILURE(workload.expect_possible(*again, log));
}

/// Opens a log, runs the workload on it and closes it, as far as it gets.
inline void run(WALTestbed& testbed, WALWorkload& workload, int bursts) {
  WALCaller log(testbed);
  const auto state = log.open();
  if (!state) return;
  ASSERT_NO_FATAL_FAILURE(workload.expect_possible(*state, log));
  ASSERT_NO_FATAL_FAILURE(workload.run(log, testbed, bursts));
  if (!workload.failure()) workload.close(log);
}

/// The same, with a disk on which something happens at the call with this number: it goes on after
/// that as far as planned, and is then dropped. If nothing has happened by the end, the log is
/// closed: the calls of `close` have their turn, too.
inline void run_through(WALTestbed& testbed, WALWorkload& workload, const CrashPlan& plan,
                        std::uint64_t call) {
  WALCaller log(testbed);
  const auto state = log.open();
  if (!state) return;
  ASSERT_NO_FATAL_FAILURE(workload.expect_possible(*state, log));
  const auto reached = [&] { return testbed.disk()->calls() >= call; };
  if (plan.bursts_after) {
    for (int burst = 0; burst < plan.bursts && !reached(); ++burst) {
      ASSERT_NO_FATAL_FAILURE(workload.run(log, testbed, 1));
    }
  }
  const int left = plan.bursts_after.value_or(plan.bursts);
  ASSERT_NO_FATAL_FAILURE(workload.run(log, testbed, left));
  if (!reached()) workload.close(log);
}

}  // namespace crash_points

/// Cuts the power at every call of the workload, those of `close` among them; with each tearing,
/// and with the process alone dying; and once more at a call of the recovery, all of which have
/// their turn. Returns how many crashes of the workload were survived; stops at the first failure.
inline std::uint64_t crash_at_every_call(const WALUnderTest& wal, const CrashPlan& plan) {
  std::uint64_t points = 0;
  std::uint64_t recovery_call = 1;
  for (std::uint64_t call = 1;; call += plan.stride) {
    const auto testbed = wal.make_testbed();
    SimulatedDisk& disk = *testbed->disk();
    WALWorkload workload(plan.seed);
    const std::uint64_t cut = disk.calls() + call;
    disk.cut_power_at(cut);
    crash_points::run_through(*testbed, workload, plan, cut);
    if (::testing::Test::HasFailure() || disk.calls() < cut) return points;
    const SimulatedDisk left = disk.copy();
    for (std::size_t way = 0; way <= std::size(kAllTearings); ++way) {
      SCOPED_TRACE("workload " + std::to_string(plan.seed) + ", call " + std::to_string(call) +
                   ", tearing " + std::to_string(way) + ", recovery call " +
                   std::to_string(recovery_call));
      disk = left.copy();
      const std::uint64_t chance = call * 8 + way;
      if (way < std::size(kAllTearings)) {
        disk.crash(kAllTearings[way], chance);
      } else {
        disk.drop_process();
      }
      const std::uint64_t second_cut = disk.calls() + recovery_call;
      disk.cut_power_at(second_cut);
      {
        WALCaller log(*testbed);
        static_cast<void>(log.open());
      }
      recovery_call = disk.calls() < second_cut ? 1 : recovery_call + 1;
      disk.crash(chance);
      WALWorkload goes_on = workload;
      crash_points::expect_recovery(*testbed, goes_on);
      if (::testing::Test::HasFailure()) return points;
      ++points;
    }
  }
}

/// Lets every call of the workload fail, those of `close` among them; afterwards the power is cut,
/// or is not. Returns how many failures were survived; stops at the first failure of the test.
inline std::uint64_t fail_every_call(const WALUnderTest& wal, const CrashPlan& plan,
                                     const DiskFault& fault) {
  std::uint64_t points = 0;
  for (std::uint64_t call = 1;; call += plan.stride) {
    SCOPED_TRACE("workload " + std::to_string(plan.seed) + ", " + Error(fault.code).message +
                 " at call " + std::to_string(call));
    const auto testbed = wal.make_testbed();
    SimulatedDisk& disk = *testbed->disk();
    WALWorkload workload(plan.seed);
    const std::uint64_t failing = disk.calls() + call;
    if (fault.lasting) {
      disk.fail_changes_from_call(failing, fault.code, fault.written);
    } else {
      disk.fail_call(failing, fault.code, fault.written);
    }
    crash_points::run_through(*testbed, workload, plan, failing);
    if (::testing::Test::HasFailure() || disk.calls() < failing) return points;
    if (fault.code == Errc::kNoSpace && workload.failure()) {
      EXPECT_EQ(workload.failure(), Errc::kSyncFailed) << "want of space is not final";
    }
    disk.drop_process();
    const SimulatedDisk left = disk.copy();
    for (const bool power_cut : {false, true}) {
      disk = left.copy();
      if (power_cut) disk.crash(call);
      // What was found counts from then on, though a failed sync may have left it in the page cache
      // alone.
      WALWorkload goes_on = workload;
      {
        WALCaller log(*testbed);
        const auto state = log.open();
        EXPECT_TRUE(state) << state.error().message;
        if (state) goes_on.expect_possible(*state, log);
      }
      if (::testing::Test::HasFailure()) return points;
      disk.crash(call + 1);
      crash_points::expect_recovery(*testbed, goes_on);
      if (::testing::Test::HasFailure()) return points;
      ++points;
    }
  }
}

}  // namespace lockstep::testing
