// Rot anywhere in the files of a log: what was acknowledged is read back right or reported as
// damaged, never wrong, never silently missing; term and vote are right, or the log does not open.
#include <gtest/gtest.h>

#include "wal/rotten_log.hpp"

namespace lockstep::testing {
namespace {

constexpr std::uint64_t kPageBytes = 4096;

class FileWALFlips : public ::testing::TestWithParam<std::tuple<Ending, int>> {};

TEST_P(FileWALFlips, OfEveryByteOfASmallLog) {
  const auto [ending, pattern] = GetParam();
  WrittenLog log;
  const SimulatedDisk whole = write_small(log, pattern != 0xff).end(ending);
  const std::span<const WALModel> models(log.models());
  Examiner examiner;
  examiner.disk() = whole.copy();
  const Findings unharmed = examiner.examine(models.last(1));
  ASSERT_TRUE(!unharmed.refused && unharmed.damaged == 0);
  const std::string newest = newest_segment(whole);
  const std::uint64_t last = last_write(whole, newest, ending);
  std::uint64_t flips = 0, damaged = 0, refused = 0;
  for (const std::string& path : whole.paths()) {
    for (std::uint64_t byte = 0; byte < whole.contents(path).size(); byte += kStride) {
      SCOPED_TRACE(path + ", byte " + std::to_string(byte));
      examiner.disk() = whole.copy();
      flip(examiner.disk(), path, byte, static_cast<std::uint8_t>(pattern));
      // Without a mark behind it, the last write looks like a torn one.
      const bool may_be_cut = ending == Ending::kCrashed && path == newest && byte >= last;
      const Findings findings = examiner.examine(models.last(may_be_cut ? 2 : 1));
      if (HasFailure()) return;
      EXPECT_TRUE(!findings.refused || ending == Ending::kCrashed) << "one byte is survived";
      ++flips;
      damaged += findings.damaged > 0 ? 1 : 0;
      refused += findings.refused ? 1 : 0;
    }
  }
  say("flips", flips);
  say("found_damaged", damaged);
  say("refused_to_open", refused);
  EXPECT_GT(flips, 5000U / kStride);
  EXPECT_GT(damaged, 1000U / kStride) << "the entries, at least";
  EXPECT_LT(refused, flips / 10);
  if (ending == Ending::kCrashed && pattern == 0xff && kStride == 1) {
    EXPECT_GT(refused, 100U) << "a vote that may be lost is not an older vote";
  }
}

TEST_P(FileWALFlips, OfSampledBytesOfALargeLog) {
  const auto [ending, pattern] = GetParam();
  WrittenLog log;
  const SimulatedDisk whole = write_large(log).end(ending);
  const std::span<const WALModel> models(log.models());
  Examiner examiner;
  const std::string newest = newest_segment(whole);
  const std::uint64_t last = last_write(whole, newest, ending);
  ASSERT_GE(whole.paths().size(), 5U);
  std::uint64_t flips = 0, damaged = 0;
  for (const std::string& path : whole.paths()) {
    for (std::uint64_t byte = static_cast<std::uint64_t>(pattern);
         byte < whole.contents(path).size(); byte += 601 * kSampleStride) {
      SCOPED_TRACE(path + ", byte " + std::to_string(byte));
      examiner.disk() = whole.copy();
      flip(examiner.disk(), path, byte, static_cast<std::uint8_t>(pattern));
      const bool may_be_cut = ending == Ending::kCrashed && path == newest && byte >= last;
      const Findings findings = examiner.examine(models.last(may_be_cut ? 2 : 1));
      if (HasFailure()) return;
      EXPECT_TRUE(!findings.refused || ending == Ending::kCrashed) << "one byte is survived";
      EXPECT_LE(findings.damaged, 40U) << "no more than a batch, or a group of them";
      ++flips;
      damaged += findings.damaged > 0 ? 1 : 0;
    }
  }
  say("flips", flips);
  say("found_damaged", damaged);
  EXPECT_GT(flips, 400U / kStride);
  EXPECT_GT(damaged, flips / 2);
}

std::string name_of_flips(const ::testing::TestParamInfo<std::tuple<Ending, int>>& parameter) {
  static const char* const kEndings[] = {"Closed", "Idle", "Crashed"};
  const auto [ending, pattern] = parameter.param;
  return kEndings[static_cast<int>(ending)] + std::string("Mask") + std::to_string(pattern);
}

INSTANTIATE_TEST_SUITE_P(, FileWALFlips,
                         ::testing::Combine(::testing::Values(Ending::kClosed, Ending::kIdle,
                                                              Ending::kCrashed),
                                            ::testing::Values(0x01, 0x80, 0xff)),
                         name_of_flips);

/// Damage of more than a byte, to each of the places that `places` finds in a file.
class FileWALGreatDamage : public ::testing::Test {
 protected:
  FileWALGreatDamage() { whole_ = write_large(log_).end(Ending::kClosed); }

  /// Damage at the end of the newest segment may take the last writes and all that proves them:
  /// then the log is what it was at an earlier time. Elsewhere nothing is missing.
  Findings examine(bool end_of_newest) {
    const std::span<const WALModel> models(log_.models());
    return examiner_.examine(end_of_newest ? models : models.last(1));
  }
  [[nodiscard]] std::vector<std::string> segments() const {
    std::vector<std::string> segments;
    for (const std::string& path : whole_.paths()) {
      if (path.ends_with(".wal")) segments.push_back(path);
    }
    return segments;
  }

  WrittenLog log_;
  SimulatedDisk whole_;
  Examiner examiner_;
};

TEST_F(FileWALGreatDamage, PagesOfZeros) {
  const std::string newest = newest_segment(whole_);
  const std::uint64_t last = last_write(whole_, newest, Ending::kClosed);
  std::uint64_t pages = 0, damaged = 0;
  for (const std::string& path : whole_.paths()) {
    const std::vector<std::uint8_t> bytes = whole_.contents(path);
    for (std::uint64_t page = 0; page < bytes.size(); page += kPageBytes * kStride) {
      SCOPED_TRACE(path + ", page at " + std::to_string(page));
      auto zeroed = bytes;
      const std::uint64_t end = std::min<std::uint64_t>(page + kPageBytes, bytes.size());
      std::fill(zeroed.begin() + static_cast<std::ptrdiff_t>(page),
                zeroed.begin() + static_cast<std::ptrdiff_t>(end), std::uint8_t{0});
      if (zeroed == bytes) continue;
      examiner_.disk() = whole_.copy();
      examiner_.disk().set_contents(path, zeroed);
      damaged += examine(path == newest && end > last).damaged > 0 ? 1 : 0;
      if (HasFailure()) return;
      ++pages;
    }
  }
  say("pages", pages);
  EXPECT_GT(damaged, pages / 2);
}

TEST_F(FileWALGreatDamage, FilesCutShort) {
  const std::string newest = newest_segment(whole_);
  std::uint64_t cuts = 0;
  for (const std::string& path : segments()) {
    const std::vector<std::uint8_t> bytes = whole_.contents(path);
    for (std::uint64_t size = 0; size < bytes.size(); size += 1234 * kStride) {
      SCOPED_TRACE(path + ", cut to " + std::to_string(size));
      auto left = bytes;
      left.resize(size);
      examiner_.disk() = whole_.copy();
      examiner_.disk().set_contents(path, left);
      const Findings findings = examine(path == newest);
      if (HasFailure()) return;
      EXPECT_TRUE(!findings.refused || (path == newest && size < 8192));
      ++cuts;
    }
  }
  say("cuts", cuts);
}

TEST_F(FileWALGreatDamage, ASegmentThatIsGone) {
  const std::string newest = newest_segment(whole_);
  for (const std::string& path : segments()) {
    if (path == newest) continue;  // the folder itself is the file system's to keep
    SCOPED_TRACE(path);
    examiner_.disk() = whole_.copy();
    ASSERT_TRUE(examiner_.disk().remove(path));
    const Findings findings = examine(false);
    EXPECT_FALSE(findings.refused);
    EXPECT_GT(findings.damaged, 5U);
  }
}

TEST_F(FileWALGreatDamage, SegmentsThatChangedPlaces) {
  const auto paths = segments();
  const std::string newest = newest_segment(whole_);
  for (const std::string& a : paths) {
    for (const std::string& b : paths) {
      if (a >= b) continue;
      SCOPED_TRACE(a + " and " + b);
      examiner_.disk() = whole_.copy();
      examiner_.disk().set_contents(a, whole_.contents(b));
      examiner_.disk().set_contents(b, whole_.contents(a));
      const Findings findings = examine(false);
      EXPECT_TRUE(findings.refused || findings.damaged > 5);
      EXPECT_EQ(findings.refused, b == newest) << "an older segment says nothing of the whole";
    }
  }
}

}  // namespace
}  // namespace lockstep::testing
