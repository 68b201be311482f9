#include <gtest/gtest.h>

#include <algorithm>

#include "wal/rotten_log.hpp"

namespace lockstep::testing {
namespace {

/// A crash came before the end of the last write was marked, and that write is many batches, which
/// share one proven end: none of them proves another.
class FileWALLastGroup : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kBefore = 30;
  static constexpr std::uint64_t kTogether = 40;
  static constexpr std::uint64_t kHeaderBytes = 128;

  /// Where it lies in the newest segment, and the last index of the log after it.
  struct Batch {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t last_index = 0;
  };

  FileWALLastGroup() {
    for (std::uint64_t index = 1; index <= kBefore; ++index) {
      log_.write(append(index, index, 1, 3000));
    }
    std::vector<WALWrite> group;
    for (std::uint64_t index = kBefore + 1; index <= kBefore + kTogether; ++index) {
      group.push_back(append(index, index, 2, 16 << 10));
    }
    log_.write_together(std::move(group));
    whole_ = log_.end(Ending::kCrashed);
    newest_ = newest_segment(whole_);
    const std::vector<std::uint8_t> bytes = whole_.contents(newest_);
    const auto number = [&](std::uint64_t at) {
      std::uint64_t value = 0;
      for (unsigned i = 0; i < 8; ++i) value |= std::uint64_t{bytes[at + i]} << 8 * i;
      return value;
    };
    for (std::uint64_t at = 1024; at + kHeaderBytes <= bytes.size(); at += 512) {
      if (!std::equal(&bytes[at], &bytes[at] + 4, "LSB1")) continue;
      const Batch batch{at, at + kHeaderBytes + number(at + 16), number(at + 56)};
      if (batch.last_index > kBefore) group_.push_back(batch);
    }
  }
  /// What is left when batch `broken` of the group is the first that is not whole.
  [[nodiscard]] std::span<const WALModel> left_before(std::size_t broken) const {
    const std::uint64_t last = broken == 0 ? kBefore : group_[broken - 1].last_index;
    return std::span(log_.models()).subspan(last, 1);  // each change has one entry
  }
  /// With rot in these bytes of the newest segment, of which the first lies in that batch.
  void examine(std::initializer_list<std::uint64_t> rotten, std::size_t broken) {
    examiner_.disk() = whole_.copy();
    for (const std::uint64_t byte : rotten) flip(examiner_.disk(), newest_, byte, 0xff);
    const Findings findings = examiner_.examine(left_before(broken));
    EXPECT_FALSE(findings.refused);
    EXPECT_EQ(findings.damaged, 0U) << "all that is left is whole";
  }

  WrittenLog log_;
  SimulatedDisk whole_;
  std::string newest_;
  std::vector<Batch> group_;
  Examiner examiner_;
};

TEST_F(FileWALLastGroup, AnyByteOfAnyBatchEndsTheLogBeforeThatBatch) {
  ASSERT_GE(group_.size(), 5U);
  ASSERT_EQ(group_.back().last_index, kBefore + kTogether);
  examiner_.disk() = whole_.copy();
  const Findings unharmed = examiner_.examine(left_before(group_.size()));
  ASSERT_TRUE(!unharmed.refused && unharmed.damaged == 0);
  std::uint64_t flips = 0;
  for (std::size_t i = 0; i < group_.size(); ++i) {
    const Batch& batch = group_[i];
    for (std::uint64_t byte = batch.begin; byte < batch.end;) {
      SCOPED_TRACE("batch " + std::to_string(i) + ", byte " + std::to_string(byte - batch.begin));
      examine({byte}, i);
      if (HasFailure()) return;
      ++flips;
      byte += (byte < batch.begin + kHeaderBytes ? 1 : 997) * kStride;
    }
  }
  say("flips", flips);
  EXPECT_GE(flips, group_.size());
}

TEST_F(FileWALLastGroup, TheFirstOfSeveralBrokenBatchesCounts) {
  for (std::size_t i = 0; i < group_.size(); ++i) {
    for (std::size_t j = i + 1; j < group_.size(); ++j) {
      SCOPED_TRACE("batches " + std::to_string(i) + " and " + std::to_string(j));
      examine({group_[i].end - 1, group_[j].begin}, i);
      examine({group_[i].begin, group_[j].end - 1}, i);
      if (HasFailure()) return;
    }
  }
}

TEST_F(FileWALLastGroup, RotBeforeItIsDamageAndTakesNothingOfIt) {
  const std::span<const WALModel> whole = left_before(group_.size());
  std::uint64_t damaged = 0;
  for (const std::string& path : whole_.paths()) {
    const std::uint64_t end = path == newest_ ? group_.front().begin : whole_.contents(path).size();
    for (std::uint64_t byte = 0; byte < end; byte += kStride == 1 ? 997 : 9973) {
      SCOPED_TRACE(path + ", byte " + std::to_string(byte));
      examiner_.disk() = whole_.copy();
      flip(examiner_.disk(), path, byte, 0xff);
      const Findings findings = examiner_.examine(whole);
      EXPECT_FALSE(findings.refused);
      EXPECT_LE(findings.damaged, 1U) << "each was written by itself";
      if (HasFailure()) return;
      damaged += findings.damaged;
    }
  }
  EXPECT_GT(damaged, 0U);
}

}  // namespace
}  // namespace lockstep::testing
