// Rot anywhere in the files of a log: what was acknowledged is read back right or reported as
// damaged, never wrong, never silently missing; term and vote are right, or the log does not open.
#include <gtest/gtest.h>

#include <iostream>
#include <utility>

#include "lockstep/testing/wal_conformance/crash_points.hpp"
#include "wal/wal_testbeds.hpp"

namespace lockstep::testing {
namespace {

#if defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kStride = 199;
#elif defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t kStride = 23;
#else
constexpr std::uint64_t kStride = 1;
#endif
// Fewer than these tell nothing.
constexpr std::uint64_t kSampleStride = kStride > 23 ? 23 : kStride;

constexpr std::uint64_t kPageBytes = 4096;

enum class Ending { kClosed, kIdle, kCrashed };

void say(const char* what, std::uint64_t count) {
  std::cout << what << ": " << count << std::endl;
  ::testing::Test::RecordProperty(what, std::to_string(count));
}

/// A log on a disk, with all that it has ever acknowledged.
class WrittenLog {
 public:
  WrittenLog() { reopen(); }

  void reopen() {
    const auto state = caller_.open();
    ASSERT_TRUE(state) << state.error().message;
    identity_ = state->identity;
  }
  void write(WALWrite write) {
    WALChange change;
    change.write = std::move(write);
    ASSERT_FALSE(caller_.write(change.write));
    change.change(models_.emplace_back(models_.back()));
  }
  /// Submitted together, so that one write to the disk has them all.
  void write_together(std::vector<WALWrite> writes) {
    Answers<Error> answers;
    caller_.together([&](IWALSource& log) {
      for (const WALWrite& write : writes) log.write(write, caller_.handler(answers));
    });
    for (const Error& error : caller_.wait(answers, writes.size())) ASSERT_FALSE(error);
    for (WALWrite& write : writes) {
      WALChange change;
      change.write = std::move(write);
      change.change(models_.emplace_back(models_.back()));
    }
  }
  void release(std::uint64_t index, std::uint64_t term) {
    WALChange change;
    change.release = make_boundary(index, term);
    ASSERT_FALSE(caller_.release(*change.release));
    change.change(models_.emplace_back(models_.back()));
  }
  /// Closes the log, lets an entry rot, opens it and puts copies in the place of all of its batch.
  void damage_and_repair(const Entry& entry) {
    ASSERT_FALSE(caller_.close());
    caller_.drop();
    testbed_->damage(entry);
    reopen();
    for (const Entry& each : models_.back().entries) {
      const Index index = each.header.index;
      if (caller_.read(index.value(), index.value())) continue;
      ASSERT_FALSE(caller_.repair({index, index}, {each}));
      ++repaired_;
    }
    ASSERT_GT(repaired_, 0);
  }
  SimulatedDisk end(Ending ending) {
    if (ending == Ending::kClosed) {
      EXPECT_FALSE(caller_.close());
    }
    if (ending == Ending::kIdle) testbed_->let_time_pass();
    SimulatedDisk left = testbed_->disk()->copy();
    left.crash(Tearing::kNothing, 1);  // only what was synced
    return left;
  }
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
WrittenLog& write_small(WrittenLog& log, bool vote_last) {
  log.write(append(1, 2, 1));
  WALWrite vote = append(3, 6, 1, 90);
  vote.hard_state = HardState{Term(2), NodeId("x")};
  log.write(std::move(vote));
  log.release(1, 1);
  WALWrite cut = append(5, 5, 2);
  cut.truncate_from = Index(5);
  log.write(std::move(cut));
  log.write(append(6, 7, 2, 30));
  log.damage_and_repair(log.models().back().entries[1]);  // 3
  WALWrite member = append({wal_entry(8, 3, 40, EntryKind::kConfiguration)});
  member.identity = log.identity();
  member.identity->cluster = ClusterId({1, 2, 3});
  log.write(std::move(member));
  const HardState vote_at_end{Term(4), kNode};
  WALWrite before_last = append(9, 9, 3);
  if (!vote_last) before_last.hard_state = vote_at_end;
  log.write(std::move(before_last));
  WALWrite last = append(10, 11, 4, 25);
  if (vote_last) last.hard_state = vote_at_end;
  log.write(std::move(last));
  return log;
}

/// Of several full segments.
WrittenLog& write_large(WrittenLog& log) {
  for (std::uint64_t index = 1; index <= 100; ++index) {
    WALWrite write = append(index, index, 1 + index / 30, 3000);
    if (index % 9 == 0) write.hard_state = HardState{Term(1 + index / 30), kNode};
    if (index == 50) write.truncate_from = Index(50);
    log.write(std::move(write));
    if (index == 60) log.write(truncate(56));
    if (index == 60) log.write(append(56, 60, 3, 2000));
    if (index == 80) log.release(5, 1);
  }
  return log;
}

bool is_that(const WALState& state, const WALModel& model) {
  return state.bounds == range(model.first, model.next() - 1) &&
         state.last_promised == model.last() && state.hard_state == model.hard_state &&
         state.boundary == model.boundary && state.identity.cluster == model.cluster &&
         state.install_intent == model.install_intent;
}

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
  Findings examine(std::span<const WALModel> allowed) {
    Findings findings;
    WALCaller log(*testbed_);
    const auto state = log.open();
    if (!state) {
      EXPECT_EQ(state.error(), Errc::kCorruption) << state.error().message;
      findings.refused = true;
      return findings;
    }
    const WALModel* model = nullptr;
    for (const WALModel& each : allowed) {
      if (is_that(*state, each)) model = &each;
    }
    if (model == nullptr) {
      ADD_FAILURE() << "it holds " << state->bounds.first.value() << " to "
                    << state->bounds.last.value() << ", term "
                    << state->hard_state.current_term.value() << ", which never was so";
      return findings;
    }
    std::vector<bool> readable(model->entries.size());
    for (std::uint64_t at = 0; at < model->entries.size();) {
      const auto read = log.read(model->first + at, ~std::uint64_t{0});
      if (!read) {
        EXPECT_TRUE(read.error() == Errc::kCorruption) << read.error().message;
        ++findings.damaged;
        ++at;
        continue;
      }
      for (const Entry& entry : *read) {
        EXPECT_TRUE(same(entry, model->entries[at])) << "entry " << model->first + at;
        readable[at++] = true;
      }
    }
    for (const IndexRange& damaged : state->damaged) {
      for (Index index = damaged.first; index <= damaged.last; index = index.next()) {
        EXPECT_FALSE(readable[index.value() - model->first]) << "damaged, and read";
      }
    }
    return findings;
  }

 private:
  std::unique_ptr<WALTestbed> testbed_ = simulated_file_wal_under_test("", 0).make_testbed();
};

void flip(SimulatedDisk& disk, const std::string& path, std::uint64_t byte, std::uint8_t mask) {
  for (unsigned bit = 0; bit < 8; ++bit) {
    if ((mask >> bit & 1) != 0) disk.flip_bit(path, byte, bit);
  }
}

/// Where the last batch with news begins in the newest segment, behind which only a mark may come.
std::uint64_t last_write(const SimulatedDisk& disk, const std::string& newest, Ending ending) {
  const std::vector<std::uint8_t> bytes = disk.contents(newest);
  std::vector<std::uint64_t> batches;
  for (std::uint64_t at = 1024; at + 4 <= bytes.size(); at += 512) {
    if (std::equal(&bytes[at], &bytes[at] + 4, "LSB1")) batches.push_back(at);
  }
  return ending == Ending::kCrashed ? batches.back() : batches[batches.size() - 2];
}

std::string newest_segment(const SimulatedDisk& disk) {
  std::string newest;
  for (const std::string& path : disk.paths()) {
    if (path.ends_with(".wal")) newest = path;
  }
  return newest;
}

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
