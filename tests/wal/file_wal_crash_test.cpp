// FileWALManager under workloads that are interrupted at every call of the file system: what was
// acknowledged is there afterwards, byte for byte, a change is there as a whole or not at all, and
// nothing that was not acknowledged comes back behind something that was.
#include <gtest/gtest.h>

#include <iostream>

#include "lockstep/testing/wal_conformance/crash_points.hpp"
#include "wal/wal_testbeds.hpp"

namespace lockstep::testing {
namespace {

const WALUnderTest kFiles = simulated_file_wal_under_test("Files", 0);

constexpr std::uint64_t kSeeds[] = {11, 12, 13, 14};
/// Of each seed, at least; a test of its own for each, so that they run side by side.
constexpr std::uint64_t kPointsOfASeed = 2000;
static_assert(kPointsOfASeed * std::size(kSeeds) >= 5000);

/// Under a sanitizer, which is slow, a sample of the calls; ThreadSanitizer has nothing to find
/// here.
#if defined(LOCKSTEP_THREAD_SANITIZED)
constexpr std::uint64_t kStride = 31;
#elif defined(LOCKSTEP_SANITIZED)
constexpr std::uint64_t kStride = 9;
#else
constexpr std::uint64_t kStride = 1;
#endif

constexpr int kBursts = 90;  // some fifteen segments

/// For whoever runs the test, and for its XML.
void say(const char* what, std::uint64_t count) {
  std::cout << what << ": " << count << std::endl;
  ::testing::Test::RecordProperty(what, std::to_string(count));
}

class FileWALCrash : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  [[nodiscard]] CrashPlan plan(std::uint64_t stride = kStride, int bursts = kBursts) const {
    return {.seed = GetParam(), .bursts = bursts, .stride = stride};
  }
};

TEST_P(FileWALCrash, TheWorkloadDoesAllThereIs) {
  const auto testbed = kFiles.make_testbed();
  WALWorkload workload(GetParam());
  crash_points::run(*testbed, workload, kBursts);
  ASSERT_FALSE(workload.failure()) << workload.failure().message;
  EXPECT_GT(testbed->disk()->calls(), 300U);
  EXPECT_GE(testbed->disk()->paths().back(), "/log/segment-0000000000000005.wal") << "rolls over";
  EXPECT_GT(workload.releases(), 2U);
  EXPECT_GT(workload.truncations(), 2U);
  EXPECT_GT(workload.resets(), 0U);
  EXPECT_GT(workload.votes(), 2U);
}

TEST_P(FileWALCrash, AtEveryCall) {
  const std::uint64_t points = crash_at_every_call(kFiles, plan());
  say("crash_points", points);
  EXPECT_TRUE(HasFailure() || points >= kPointsOfASeed / kStride);
}

TEST_P(FileWALCrash, WhenAnyCallFails) {
  using Written = SimulatedDisk::Written;
  std::uint64_t points = 0;
  for (const Errc code : {Errc::kIo, Errc::kNoSpace}) {
    for (const Written written : {Written::kNothing, Written::kHalf, Written::kAllButOneByte}) {
      points += fail_every_call(kFiles, plan(kStride, kBursts / 3), {code, written});
      if (HasFailure()) return;
    }
  }
  say("failures", points);
  EXPECT_GE(points, kPointsOfASeed / 2 / kStride);
}

/// What was written in part lies right behind the end for a short time only.
TEST_P(FileWALCrash, SoonAfterAWriteWithoutRoom) {
  CrashPlan soon = plan();
  soon.bursts_after = 1;
  const std::uint64_t points =
      fail_every_call(kFiles, soon, {Errc::kNoSpace, SimulatedDisk::Written::kAllButOneByte});
  say("failures", points);
  EXPECT_TRUE(HasFailure() || points >= kPointsOfASeed / 4 / kStride);
}

TEST_P(FileWALCrash, WhenTheDiskIsReadOnlyFromAnyCallOn) {
  const DiskFault read_only{.code = Errc::kIo, .lasting = true};
  const std::uint64_t points = fail_every_call(kFiles, plan(kStride, kBursts / 2), read_only);
  say("failures", points);
  EXPECT_TRUE(HasFailure() || points >= kPointsOfASeed / 5 / kStride);
}

INSTANTIATE_TEST_SUITE_P(, FileWALCrash, ::testing::ValuesIn(kSeeds));

/// However much room there is, the same instance goes on when there is more.
TEST(FileWALRoom, OfAnySizeUsedUpAndThenGiven) {
  std::uint64_t refused = 0;
  for (std::uint64_t room = 0; room < (256U << 10); room += 1024 * kStride) {
    SCOPED_TRACE("room for " + std::to_string(room) + " bytes");
    const auto testbed = kFiles.make_testbed();
    SimulatedDisk& disk = *testbed->disk();
    WALWorkload workload(room);
    {
      WALCaller log(*testbed);
      auto state = log.open();
      ASSERT_TRUE(state) << state.error().message;
      workload.expect_possible(*state, log);
      testbed->set_room(room);
      workload.run(log, *testbed, 20);
      ASSERT_FALSE(workload.failure()) << workload.failure().message;
      refused += workload.refused();
      testbed->set_room(std::nullopt);
      const std::uint64_t refused_before = workload.refused();
      workload.run(log, *testbed, 5);
      ASSERT_FALSE(workload.failure()) << workload.failure().message;
      EXPECT_EQ(workload.refused(), refused_before) << "there is room";
    }
    disk.crash(room);
    crash_points::expect_recovery(*testbed, workload);
    if (HasFailure()) return;
  }
  say("refused_for_want_of_space", refused);
  EXPECT_GT(refused, 200U / kStride);
}

}  // namespace
}  // namespace lockstep::testing
