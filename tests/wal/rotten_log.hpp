#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lockstep/testing/wal_conformance/crash_points.hpp"
#include "wal/wal_testbeds.hpp"

namespace lockstep::testing {

/// Of so many places one is tried: fewer where all is slower.
#if defined(LOCKSTEP_THREAD_SANITIZED)
inline constexpr std::uint64_t kStride = 199;
#elif defined(LOCKSTEP_SANITIZED)
inline constexpr std::uint64_t kStride = 23;
#else
inline constexpr std::uint64_t kStride = 1;
#endif
// Fewer than these tell nothing.
inline constexpr std::uint64_t kSampleStride = kStride > 23 ? 23 : kStride;

enum class Ending { kClosed, kIdle, kCrashed };

/// A log on a disk, with all that it has ever acknowledged.
class WrittenLog {
 public:
  WrittenLog() { reopen(); }

  void reopen();
  void write(WALWrite write);
  /// Submitted together, so that one write to the disk has them all.
  void write_together(std::vector<WALWrite> writes);
  void release(std::uint64_t index, std::uint64_t term);
  /// Closes the log, lets an entry rot, opens it and puts copies in the place of all of its batch.
  void damage_and_repair(const Entry& entry);
  SimulatedDisk end(Ending ending);
  [[nodiscard]] const WALIdentity& identity() const { return identity_; }
  [[nodiscard]] const std::vector<WALModel>& models() const { return models_; }

 private:
  std::unique_ptr<WALTestbed> testbed_ = simulated_file_wal_under_test("", 0).make_testbed();
  WALCaller caller_{*testbed_};
  WALIdentity identity_;
  std::vector<WALModel> models_{1};
  int repaired_ = 0;
};

/// Of few bytes, with everything in it: truncation, votes, a release, a repair, several segments.
/// The newest vote is in the last write or in the one before.
WrittenLog& write_small(WrittenLog& log, bool vote_last);
/// Of several full segments.
WrittenLog& write_large(WrittenLog& log);

struct Findings {
  bool refused = false;
  std::uint64_t damaged = 0;
};

/// Opens disks and compares what is found with what may be there.
class Examiner {
 public:
  SimulatedDisk& disk() { return *testbed_->disk(); }

  /// One of `allowed` is there; its entries are right or damaged, and what `open` reports as
  /// damaged is.
  Findings examine(std::span<const WALModel> allowed);

 private:
  std::unique_ptr<WALTestbed> testbed_ = simulated_file_wal_under_test("", 0).make_testbed();
};

void flip(SimulatedDisk& disk, const std::string& path, std::uint64_t byte, std::uint8_t mask);
/// Where the last batch with news begins in the newest segment, behind which only a mark may come.
[[nodiscard]] std::uint64_t last_write(const SimulatedDisk& disk, const std::string& newest,
                                       Ending ending);
[[nodiscard]] std::string newest_segment(const SimulatedDisk& disk);
/// A figure of the test's, for people.
void say(const char* what, std::uint64_t count);

}  // namespace lockstep::testing
