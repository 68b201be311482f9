// Segments that are no longer written are read for rot, slowly, over and over.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lockstep/testing/simulated_runtime.hpp"
#include "wal/file_wal_fixture.hpp"

namespace lockstep::testing {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

IndexRange range(std::uint64_t first, std::uint64_t last) { return {Index(first), Index(last)}; }

/// A log on virtual time, with its two executors.
class ScrubbedNode {
 public:
  explicit ScrubbedNode(std::size_t bytes_per_second, std::uint64_t seed = 1)
      : simulated_(seed, disk_) {
    options_.folder = FileNode::kFolder;
    options_.node = kNode;
    options_.group = kGroup;
    options_.segment_bytes = 64 << 10;
    options_.zero_fill_bytes = 0;
    options_.cache_bytes = 0;
    options_.ballast_bytes = 0;
    options_.low_space_bytes = 0;
    options_.scrub_bytes_per_second = bytes_per_second;
    options_.log = [](LogLevel, std::string_view) {};
    open();
  }

  void open() {
    wal_ = *FileWALManager::create(options_, *simulated_.runtime(), executor_, reading_);
    wal_->on_event(
        [this](const WALEvent& event) { told.push_back(std::get<WALDamaged>(event).range); });
    bool opened = false;
    wal_->open([&](const Result<WALState>& state) { opened = state.has_value(); });
    run_for(seconds(0));
    EXPECT_TRUE(opened);
  }
  Error write(WALWrite write) {
    return done([&](auto handler) { wal_->write(std::move(write), handler); });
  }
  /// Segments of one entry each; the last one is being written.
  void write_segments(std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t index = first; index <= last; ++index) {
      ASSERT_FALSE(write(append(index, index, 1, 40000)));
    }
  }
  Error release(std::uint64_t index) {
    return done([&](auto handler) { wal_->release_prefix(make_boundary(index, 1), handler); });
  }
  Error repair(std::uint64_t index) {
    return done([&](auto handler) {
      wal_->repair(range(index, index), make_entries(index, index, 1, 40000), handler);
    });
  }
  Error close() {
    return done([&](auto handler) { wal_->close(handler); });
  }
  void drop() { wal_.reset(); }
  void run_for(std::chrono::nanoseconds duration) { simulated_.run_for(duration); }
  void rot(std::uint64_t segment) {
    disk_->flip_bit(segment_path(segment), kFirstBatchOffset + 5000);
  }
  [[nodiscard]] SimulatedDisk& disk() { return *disk_; }
  [[nodiscard]] SimulatedRuntime& simulated() { return simulated_; }

  std::vector<IndexRange> told;

 private:
  static constexpr std::uint64_t kFirstBatchOffset = 1024 + 2 * 1024;

  template <class Call>
  Error done(Call call) {
    std::optional<Error> answer;
    call([&](const Error& error) { answer = error; });
    run_for(seconds(0));
    EXPECT_TRUE(answer);
    return answer.value_or(Errc::kTimedOut);
  }

  const std::shared_ptr<SimulatedDisk> disk_ = std::make_shared<SimulatedDisk>();
  SimulatedRuntime simulated_;
  const std::shared_ptr<IExecutor> executor_ = simulated_.runtime()->make_worker("wal");
  const std::shared_ptr<IExecutor> reading_ = simulated_.runtime()->make_worker("wal-read");
  FileWALOptions options_;
  std::unique_ptr<FileWALManager> wal_;
};

TEST(FileWALScrub, FindsRotThatNobodyReads) {
  ScrubbedNode node(1 << 20);
  node.write_segments(1, 6);
  node.run_for(minutes(1));
  EXPECT_THAT(node.told, IsEmpty());
  node.rot(3);
  node.rot(5);
  node.run_for(hours(2));
  EXPECT_THAT(node.told, ElementsAre(range(3, 3), range(5, 5)));
  node.run_for(hours(5));
  EXPECT_EQ(node.told.size(), 2U) << "once";
  ASSERT_FALSE(node.repair(3));
  node.run_for(hours(3));
  EXPECT_EQ(node.told.size(), 2U);
  ASSERT_FALSE(node.close());
}

TEST(FileWALScrub, KeepsItsPaceAndRests) {
  ScrubbedNode node(10'000);
  node.write_segments(1, 11);
  const std::uint64_t before = node.disk().bytes_read();
  node.run_for(seconds(20));
  const std::uint64_t read = node.disk().bytes_read() - before;
  EXPECT_GT(read, 100'000U);
  EXPECT_LT(read, 400'000U);
  node.run_for(minutes(2));
  const std::uint64_t round = node.disk().bytes_read() - before;
  EXPECT_LT(round, 900'000U) << "ten entries of 40 KB, and the heads of batches";
  node.run_for(minutes(50));
  EXPECT_EQ(node.disk().bytes_read() - before, round) << "it rests";
  node.run_for(hours(1));
  EXPECT_GT(node.disk().bytes_read() - before, round) << "and begins anew";
}

TEST(FileWALScrub, WithoutAColdSegmentNothingRuns) {
  ScrubbedNode node(1 << 20);
  ASSERT_FALSE(node.write(append(1, 3, 1)));
  node.run_for(seconds(2));  // the mark of the end
  const std::uint64_t tasks = node.simulated().tasks_run();
  node.run_for(hours(24));
  EXPECT_EQ(node.simulated().tasks_run(), tasks);
  // Nor once the cold ones are released.
  node.write_segments(4, 7);
  node.run_for(hours(2));
  EXPECT_GT(node.simulated().tasks_run(), tasks + 10);
  ASSERT_FALSE(node.release(6));
  node.run_for(hours(2));
  const std::uint64_t released = node.simulated().tasks_run();
  node.run_for(hours(24));
  EXPECT_EQ(node.simulated().tasks_run(), released);
}

TEST(FileWALScrub, NothingRunsWhenItIsOff) {
  ScrubbedNode node(0);
  node.write_segments(1, 4);
  node.rot(2);
  node.run_for(hours(10));
  EXPECT_THAT(node.told, IsEmpty());
}

TEST(FileWALScrub, HoldsNoReleasedSegment) {
  ScrubbedNode node(20'000);
  node.write_segments(1, 6);
  for (std::uint64_t index = 1; index <= 5; ++index) {
    node.run_for(seconds(3));
    const std::uint64_t used = node.disk().used_bytes();
    ASSERT_FALSE(node.release(index));
    node.run_for(seconds(0));
    EXPECT_LT(node.disk().used_bytes(), used - 30'000) << "its room is free at once";
  }
  EXPECT_THAT(node.told, IsEmpty());
}

TEST(FileWALScrub, EndsWithTheLogAndIsTheSameEachTime) {
  const auto trace = [](bool close) {
    ScrubbedNode node(1 << 20, 5);
    node.write_segments(1, 6);
    node.run_for(seconds(2));
    if (close) {
      EXPECT_FALSE(node.close());
    } else {
      node.drop();
    }
    node.run_for(seconds(1));
    const std::uint64_t tasks = node.simulated().tasks_run();
    node.run_for(hours(10));
    EXPECT_EQ(node.simulated().tasks_run(), tasks);
    return node.simulated().trace_hash();
  };
  EXPECT_EQ(trace(true), trace(true));
  EXPECT_EQ(trace(false), trace(false));
}

}  // namespace
}  // namespace lockstep::testing
