// What a log knows of its newest configuration, however damaged it is: a node must not act by an
// older one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "wal/file_wal_fixture.hpp"
#include "wal/segment_format.hpp"

namespace lockstep::testing {
namespace {

constexpr std::uint64_t kRounds = 300;
/// The first two batches of a segment are its head.
constexpr std::size_t kHeads = 2;

/// A log that is written at random, and where its newest configuration is.
class Written {
 public:
  /// Closed in order, the log ends with a mark that says it all once more.
  Written(std::uint64_t seed, bool closed) : random_(seed) {
    FileNode node(disk_, seed);
    EXPECT_TRUE(node.open());
    for (int i = 0; i < 25; ++i) EXPECT_FALSE(node.call().write(some_write()));
    if (closed) {
      EXPECT_FALSE(node.call().close());
    }
  }

  /// Of one batch, but the head's and the last.
  void rot_one_batch() {
    const std::string path = segment_path(1);
    const auto batches = batch_offsets(disk_.contents(path));
    const std::size_t batch = kHeads + below(batches.size() - 1 - kHeads);
    disk_.flip_bit(path, batches[batch] + (below(2) == 0 ? 9 : 150));
  }

  [[nodiscard]] Index newest() const {
    const auto last = std::find(configurations_.rbegin(), configurations_.rend(), true);
    return Index(static_cast<std::uint64_t>(configurations_.rend() - last));
  }
  [[nodiscard]] SimulatedDisk& disk() { return disk_; }

 private:
  WALWrite some_write() {
    WALWrite write;
    if (!configurations_.empty() && below(4) == 0) {
      configurations_.resize(configurations_.size() - 1 -
                             below(std::min<std::uint64_t>(4, configurations_.size())));
      write.truncate_from = Index(configurations_.size() + 1);
      ++term_;
    }
    for (std::uint64_t count = 1 + below(3); count > 0; --count) {
      configurations_.push_back(below(6) == 0);
      write.entries.push_back(
          make_entry(configurations_.size(), term_, 20,
                     configurations_.back() ? EntryKind::kConfiguration : EntryKind::kCommand));
    }
    return write;
  }
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  std::mt19937_64 random_;
  SimulatedDisk disk_;
  std::vector<bool> configurations_;  // of entry i at i - 1
  std::uint64_t term_ = 1;
};

TEST(NewestConfiguration, IsToldAcrossAnyDamageButOfTheEnd) {
  int hidden = 0;
  for (std::uint64_t seed = 1; seed <= kRounds; ++seed) {
    Written log(seed, true);
    log.rot_one_batch();
    // It is carried on from segment to segment.
    for (std::uint64_t life = 1; life <= 2; ++life) {
      FileNode node(log.disk(), 100 * life);
      const WALState state = node.opened();
      ASSERT_TRUE(state.newest_configuration) << seed;
      ASSERT_EQ(*state.newest_configuration, log.newest()) << seed << ", life " << life;
      const auto& known = state.configuration_indexes;
      const bool listed = std::ranges::count(known, log.newest()) > 0;
      if (log.newest() != Index{} && !listed) ++hidden;
    }
  }
  EXPECT_GE(hidden, 10) << "by damage";
}

TEST(NewestConfiguration, IsRightOrNotToldAfterACrash) {
  int told = 0;
  for (std::uint64_t seed = 1; seed <= kRounds; ++seed) {
    Written log(seed, false);
    log.rot_one_batch();
    FileNode node(log.disk(), 100);
    const WALState state = node.opened();
    if (!state.newest_configuration) continue;
    ++told;
    ASSERT_EQ(*state.newest_configuration, log.newest()) << seed;
  }
  EXPECT_GE(told, 250);
}

/// Headers that earlier versions wrote say nothing of it.
void forget_newest_configurations(SimulatedDisk& disk) {
  std::vector<std::uint8_t> bytes = disk.contents(segment_path(1));
  const auto segment = decode_segment_header(bytes);
  ASSERT_TRUE(segment);
  for (const std::size_t offset : batch_offsets(bytes)) {
    auto header = decode_batch_header(ByteSpan(bytes).subspan(offset), segment->nonce, offset);
    ASSERT_TRUE(header);
    header->newest_configuration.reset();
    encode_batch_header(*header, segment->nonce, offset, &bytes[offset]);
  }
  disk.set_contents(segment_path(1), bytes);
}

TEST(NewestConfiguration, OfAnEarlierVersionsLogIsToldUnlessDamageHidesIt) {
  for (const bool hides : {false, true}) {
    SimulatedDisk disk;
    {
      FileNode node(disk);
      ASSERT_TRUE(node.open());
      for (std::uint64_t index = 1; index <= 6; ++index) {
        const EntryKind kind = index == 3 ? EntryKind::kConfiguration : EntryKind::kCommand;
        ASSERT_FALSE(node.call().write(append({make_entry(index, 1, 20, kind)})));
      }
      ASSERT_FALSE(node.call().close());
    }
    forget_newest_configurations(disk);
    const std::string path = segment_path(1);
    const std::uint64_t damaged = hides ? 4 : 2;
    disk.flip_bit(path, batch_offsets(disk.contents(path))[kHeads + damaged - 1] + 150);

    FileNode node(disk, 2);
    const WALState state = node.opened();
    EXPECT_EQ(state.newest_configuration, hides ? std::nullopt : std::optional(Index(3)));
    if (!hides) continue;
    const IndexRange range{Index(damaged), Index(damaged)};
    std::optional<Error> answer;
    node.wal->repair(range, {make_entry(damaged, 1, 20)}, [&](Error error) { answer = error; });
    node.runtime.executor->run();
    ASSERT_TRUE(answer && !*answer);
    ASSERT_FALSE(node.call().close());
    FileNode again(disk, 3);
    EXPECT_EQ(again.opened().newest_configuration, Index(3));
  }
}

TEST(NewestConfiguration, OfAnEmptyLogIsNone) {
  SimulatedDisk disk;
  FileNode node(disk);
  EXPECT_EQ(node.opened().newest_configuration, Index{});
}

TEST(NewestConfiguration, IsTheBoundarysWhereThatReplacesAll) {
  SimulatedDisk disk;
  {
    FileNode node(disk);
    ASSERT_TRUE(node.open());
    ASSERT_FALSE(node.call().write(append({make_entry(1, 1, 20, EntryKind::kConfiguration)})));
    WALWrite reset;
    reset.boundary = make_boundary(9, 2);
    ASSERT_FALSE(node.call().write(std::move(reset)));
    ASSERT_FALSE(node.call().write(append({make_entry(10, 2, 20)})));
    ASSERT_FALSE(node.call().write(append({make_entry(11, 2, 20)})));
  }
  const std::string path = segment_path(1);
  const auto batches = batch_offsets(disk.contents(path));
  disk.flip_bit(path, batches[batches.size() - 2] + 150);
  FileNode node(disk, 2);
  const WALState state = node.opened();
  ASSERT_FALSE(state.damaged.empty());
  EXPECT_EQ(state.newest_configuration, Index{});
}

}  // namespace
}  // namespace lockstep::testing
