#pragma once

// Whatever happens in between: what was acknowledged is there, each change as a whole or not at
// all, nothing before what it followed.

#include "lockstep/testing/process_resources.hpp"
#include "lockstep/testing/wal_conformance/crash_points.hpp"
#include "lockstep/testing/wal_conformance/fixture.hpp"

namespace lockstep::testing {

class WALCrashes : public WALConformance {
 protected:
  /// Under a sanitizer, which is slow, a sample.
  static CrashPlan plan(std::uint64_t seed) {
    return {.seed = seed, .bursts = 25, .stride = memory_is_instrumented() ? 7U : 1U};
  }
};
LOCKSTEP_CONFORMANCE_GROUP(WALCrashes);

TEST_P(WALCrashes, AWorkloadThatNobodyInterruptsIsKept) {
  WALWorkload workload(1);
  crash_points::run(*testbed_, workload, 40);
  EXPECT_FALSE(workload.failure()) << workload.failure().message;
  crash_points::expect_recovery(*testbed_, workload);
}

TEST_P(WALCrashes, ALogDroppedBetweenAnyTwoCallsKeepsWhatItAcknowledged) {
  WALWorkload workload(2);
  for (int life = 0; life < 25; ++life) {
    WALCaller log(*testbed_);
    const auto state = log.open();
    ASSERT_TRUE(state) << state.error().message;
    ASSERT_NO_FATAL_FAILURE(workload.expect_possible(*state, log)) << "life " << life;
    ASSERT_NO_FATAL_FAILURE(workload.run(log, *testbed_, 1 + life % 3));
    ASSERT_FALSE(workload.failure()) << workload.failure().message;
    // Something is under way.
    const std::uint64_t next = state->bounds.last.value() + 1000000;
    Answers<Error> answers;
    log.together([&](IWALSource& source) {
      source.write(append(next, next, 99), log.handler(answers));
      log.drop_here();
    });
    EXPECT_TRUE(log.wait(answers, 1).at(0)) << "it does not follow";
  }
}

TEST_P(WALCrashes, APowerCutAtAnyCallKeepsWhatWasAcknowledged) {
  LOCKSTEP_CONFORMANCE_NEEDS(kSimulatedDisk);
  const std::uint64_t points = crash_at_every_call(GetParam(), plan(3));
  RecordProperty("crash_points", std::to_string(points));
  EXPECT_GT(points, 20U);
}

TEST_P(WALCrashes, AFailureOfAnyCallKeepsWhatWasAcknowledged) {
  LOCKSTEP_CONFORMANCE_NEEDS(kSimulatedDisk);
  std::uint64_t points = 0;
  for (const Errc code : {Errc::kIo, Errc::kNoSpace}) {
    points += fail_every_call(GetParam(), plan(4), {.code = code});
    if (HasFailure()) return;
  }
  RecordProperty("failures", std::to_string(points));
  EXPECT_GT(points, 20U);
}

}  // namespace lockstep::testing
