// Reads of entries that are no longer in memory: on an executor of their own, in large pieces, and
// what happens when they meet rot.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <thread>

#include "lockstep/asio_runtime.hpp"
#include "wal/file_wal_fixture.hpp"

namespace lockstep::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using ReadResult = Result<std::vector<Entry>>;

IndexRange range(std::uint64_t first, std::uint64_t last) { return {Index(first), Index(last)}; }

/// A node whose reading executor runs when told to, and that keeps what its log tells.
class ReadingNode : public FileNode {
 public:
  using FileNode::FileNode;

  Result<WALState> open() {
    wal = *FileWALManager::create(options, runtime, runtime.executor, reading);
    wal->on_event([this](const WALEvent& event) { events.push_back(event); });
    Result<WALState> opened = Error(Errc::kTimedOut);
    wal->open([&](Result<WALState> state) { opened = std::move(state); });
    runtime.executor->run();
    return opened;
  }
  void run_all() {
    do {
      runtime.executor->run();
      reading->run();
    } while (!runtime.executor->idle() || !reading->idle());
  }
  /// The answer is empty until it comes.
  std::shared_ptr<std::optional<ReadResult>> begin_read(std::uint64_t first, std::uint64_t last,
                                                        std::size_t byte_budget = 1 << 30) {
    auto answer = std::make_shared<std::optional<ReadResult>>();
    wal->read(range(first, last), byte_budget, [answer](ReadResult result) {
      EXPECT_FALSE(*answer) << "answered twice";
      answer->emplace(std::move(result));
    });
    return answer;
  }
  ReadResult read(std::uint64_t first, std::uint64_t last, std::size_t byte_budget = 1 << 30) {
    const auto answer = begin_read(first, last, byte_budget);
    run_all();
    EXPECT_TRUE(*answer);
    return *answer ? std::move(**answer) : ReadResult(Error(Errc::kTimedOut));
  }
  Error write(WALWrite write) {
    return done([&](auto handler) { wal->write(std::move(write), handler); });
  }
  Error release(std::uint64_t index) {
    return done([&](auto handler) { wal->release_prefix(make_boundary(index, 1), handler); });
  }
  Error repair(std::uint64_t first, std::uint64_t last, std::size_t payload_bytes = 20) {
    return done([&](auto handler) {
      wal->repair(range(first, last), make_entries(first, last, 1, payload_bytes), handler);
    });
  }
  Error close() {
    return done([&](auto handler) { wal->close(handler); });
  }
  [[nodiscard]] std::vector<IndexRange> damage_told() const {
    std::vector<IndexRange> ranges;
    for (const WALEvent& event : events) {
      if (const auto* damaged = std::get_if<WALDamaged>(&event)) ranges.push_back(damaged->range);
    }
    return ranges;
  }

  const std::shared_ptr<ManualExecutor> reading = std::make_shared<ManualExecutor>();
  std::vector<WALEvent> events;

 private:
  template <class Call>
  Error done(Call call) {
    std::optional<Error> answer;
    call([&](const Error& error) { answer = error; });
    run_all();
    EXPECT_TRUE(answer);
    return answer.value_or(Errc::kTimedOut);
  }
};

/// Entries 1 to 9 in batches of three.
void write_batches(ReadingNode& node, std::size_t payload_bytes = 20) {
  ASSERT_TRUE(node.open());
  for (std::uint64_t first = 1; first <= 7; first += 3) {
    ASSERT_FALSE(node.write(append(first, first + 2, 1, payload_bytes)));
  }
}

std::size_t entry_batch(const SimulatedDisk& disk, std::uint64_t segment, std::size_t number) {
  return batch_offsets(disk.contents(segment_path(segment))).at(2 + number);
}

void expect_good(const ReadResult& read, std::uint64_t first, std::uint64_t last,
                 std::size_t payload_bytes = 20) {
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), last - first + 1);
  for (const Entry& entry : *read) {
    EXPECT_TRUE(same(entry, make_entry(first++, 1, payload_bytes)));
  }
}

TEST(FileWALReading, RotThatAReadMeetsIsToldOnceAndKeptInMind) {
  for (const std::size_t place : {std::size_t{9}, std::size_t{200}}) {  // header, body
    SimulatedDisk disk;
    {
      ReadingNode node(disk);
      write_batches(node);
      disk.flip_bit(segment_path(1), entry_batch(disk, 1, 1) + place);  // of 4 to 6
      expect_good(node.read(1, 9), 1, 3);
      EXPECT_THAT(node.damage_told(), ElementsAre(range(4, 6)));
      EXPECT_EQ(node.read(4, 9).error(), Errc::kCorruption);
      EXPECT_EQ(node.read(6, 6).error(), Errc::kCorruption);
      expect_good(node.read(7, 9), 7, 9);
      EXPECT_EQ(node.damage_told().size(), 1U);
      EXPECT_THAT(node.lines, Contains(HasSubstr("entries 4 to 6 are damaged")));
      ASSERT_FALSE(node.close());
    }
    disk.flip_bit(segment_path(1), entry_batch(disk, 1, 0) + 512 + place);  // it reads well again
    ReadingNode node(disk, 2);
    const auto state = node.open();
    ASSERT_TRUE(state) << state.error().message;
    EXPECT_THAT(state->damaged, ElementsAre(range(4, 6))) << "what was told is told again";
    ASSERT_FALSE(node.repair(4, 6));
    expect_good(node.read(1, 9), 1, 9);
    ASSERT_FALSE(node.close());
    EXPECT_THAT(node.open()->damaged, IsEmpty());
  }
}

TEST(FileWALReading, ReadsThatBeginInsideADamagedBatchMarkAllOfIt) {
  SimulatedDisk disk;
  ReadingNode node(disk);
  write_batches(node);
  const std::size_t batch = entry_batch(disk, 1, 1);
  disk.flip_bit(segment_path(1), batch + 128 + 2 * 108 + 60);  // of entry 6
  expect_good(node.read(4, 5), 4, 5);
  EXPECT_EQ(node.read(6, 7).error(), Errc::kCorruption);
  EXPECT_THAT(node.damage_told(), ElementsAre(range(4, 6)));
  EXPECT_EQ(node.read(4, 5).error(), Errc::kCorruption);
}

TEST(FileWALReading, RotFoundInARepairIsRepairedAgain) {
  SimulatedDisk disk;
  ReadingNode node(disk);
  write_batches(node);
  disk.flip_bit(segment_path(1), entry_batch(disk, 1, 1) + 9);
  ASSERT_EQ(node.read(4, 4).error(), Errc::kCorruption);
  ASSERT_FALSE(node.repair(4, 6));
  expect_good(node.read(1, 9), 1, 9);
  const auto batches = batch_offsets(disk.contents(segment_path(1)));
  disk.flip_bit(segment_path(1), batches.back() + 200);
  // The copies are in large pieces of before, perhaps: another place in the log first.
  for (int round = 0; round < 5; ++round) ASSERT_TRUE(node.read(7, 7));
  EXPECT_EQ(node.read(4, 4).error(), Errc::kCorruption);
  EXPECT_THAT(node.damage_told(), ElementsAre(range(4, 6), range(4, 6)));
  ASSERT_FALSE(node.repair(5, 6));
  ASSERT_FALSE(node.repair(4, 4));
  expect_good(node.read(1, 9), 1, 9);
}

TEST(FileWALReading, APlaceThatCannotBeReadIsDamageAndNoMore) {
  SimulatedDisk disk;
  ReadingNode node(disk);
  write_batches(node);
  disk.fail_reads(segment_path(1), entry_batch(disk, 1, 1) + 150, 1);
  expect_good(node.read(1, 3), 1, 3);
  EXPECT_EQ(node.read(4, 9).error(), Errc::kCorruption);
  expect_good(node.read(7, 9), 7, 9);
  EXPECT_THAT(node.damage_told(), ElementsAre(range(4, 6)));
  ASSERT_FALSE(node.write(append(10, 10, 1))) << "reading failed, not writing";
  ASSERT_FALSE(node.repair(4, 6));
  expect_good(node.read(1, 10), 1, 10);
}

TEST(FileWALReading, OneFailedReadIsTriedAgain) {
  SimulatedDisk disk;
  ReadingNode node(disk);
  write_batches(node);
  disk.fail_call(disk.calls() + 2);  // open, read
  expect_good(node.read(1, 9), 1, 9);
  EXPECT_THAT(node.events, IsEmpty());
}

TEST(FileWALReading, AtOpeningAPlaceThatCannotBeReadIsRotBeforeTheProvenEnd) {
  for (const std::size_t place : {std::size_t{9}, std::size_t{200}}) {
    SimulatedDisk disk;
    {
      ReadingNode node(disk);
      write_batches(node);
    }
    disk.fail_reads(segment_path(1), entry_batch(disk, 1, 1) + place, 1);
    ReadingNode node(disk, 2);
    const auto state = node.open();
    ASSERT_TRUE(state) << state.error().message;
    EXPECT_THAT(state->damaged, ElementsAre(range(4, 6)));
    expect_good(node.read(7, 9), 7, 9);
  }
}

TEST(FileWALReading, AtOpeningTheNewestWriteIsNotGivenUpWhenItCannotBeRead) {
  for (const std::size_t place : {std::size_t{9}, std::size_t{200}}) {
    SimulatedDisk disk;
    {
      ReadingNode node(disk);
      write_batches(node);
    }
    const auto bytes = disk.contents(segment_path(1));
    disk.fail_reads(segment_path(1), entry_batch(disk, 1, 2) + place, 1);
    {
      ReadingNode node(disk, 2);
      const auto state = node.open();
      ASSERT_FALSE(state);
      EXPECT_EQ(state.error(), Errc::kIo);
      EXPECT_THAT(state.error().message, HasSubstr("newest write"));
      EXPECT_THAT(state.error().message, HasSubstr(segment_path(1)));
    }
    disk.set_contents(segment_path(1), bytes);
    ASSERT_TRUE(disk.remove(segment_path(1)));
    disk.set_contents(segment_path(1), bytes);
    ReadingNode node(disk, 3);
    const auto state = node.open();
    ASSERT_TRUE(state) << state.error().message;
    EXPECT_EQ(state->bounds, range(1, 9)) << "the disk has thought better of it";
  }
}

TEST(FileWALReading, AtOpeningTheNewestWriteIsNotGivenUpWhenMoreThanThatCannotBeRead) {
  SimulatedDisk disk;
  {
    ReadingNode node(disk);
    write_batches(node);
  }
  {
    ReadingNode node(disk, 2);
    ASSERT_TRUE(node.open());
    ASSERT_FALSE(node.write(append(10, 10, 1)));
  }
  const auto bytes = disk.contents(segment_path(2));
  // But for the first batch, of which there is a copy.
  const auto batches = batch_offsets(bytes);
  for (std::size_t first = 1; first < batches.size(); ++first) {
    SCOPED_TRACE(first);
    disk.fail_reads(segment_path(2), batches[first], bytes.size());
    const auto state = ReadingNode(disk, 3).open();
    ASSERT_FALSE(state);
    EXPECT_EQ(state.error(), Errc::kIo);
    disk.mend_reads();
  }
}

TEST(FileWALReading, ASegmentThatIsTakenAwayIsDamage) {
  SimulatedDisk disk;
  ReadingNode node(disk);
  write_batches(node, 15000);  // segment 1 has 1 to 3, and so on
  ASSERT_TRUE(disk.remove(segment_path(2)));
  expect_good(node.read(1, 9), 1, 3, 15000);
  EXPECT_EQ(node.read(5, 5).error(), Errc::kCorruption);
  EXPECT_THAT(node.damage_told(), ElementsAre(range(4, 6)));
  expect_good(node.read(7, 9), 7, 9, 15000);
  ASSERT_FALSE(node.repair(4, 6, 15000));
  expect_good(node.read(4, 9), 4, 9, 15000);
  ASSERT_FALSE(node.close());
  EXPECT_THAT(node.open()->damaged, IsEmpty());
}

TEST(FileWALReading, AReaderNeverHoldsUpTheWriter) {
  SimulatedDisk disk;
  ReadingNode node(disk);
  write_batches(node);
  const auto read = node.begin_read(1, 9);
  int written = 0;
  for (std::uint64_t index = 10; index <= 12; ++index) {
    node.wal->write(append(index, index, 1), [&](const Error& error) {
      EXPECT_FALSE(error);
      ++written;
    });
    node.runtime.executor->run();  // and the reading executor does nothing
  }
  EXPECT_EQ(written, 3);
  EXPECT_FALSE(*read);
  node.run_all();
  ASSERT_TRUE(*read);
  expect_good(**read, 1, 9);
}

TEST(FileWALReading, WhatIsReleasedTruncatedOrRepairedMeanwhile) {
  SimulatedDisk disk;
  ReadingNode node(disk);
  write_batches(node, 15000);
  const auto released = node.begin_read(1, 2);
  std::optional<Error> done;
  node.wal->release_prefix(make_boundary(3, 1), [&](const Error& error) { done = error; });
  node.runtime.executor->run();
  ASSERT_TRUE(done && !*done);
  ASSERT_THAT(disk.paths(), Not(Contains(segment_path(1))));
  node.run_all();
  ASSERT_TRUE(*released);
  EXPECT_EQ((*released)->error(), Errc::kReleased);
  EXPECT_THAT(node.events, IsEmpty());

  // A rotten batch that a truncation takes away before the reader is heard is no damage.
  disk.flip_bit(segment_path(3), entry_batch(disk, 3, 0) + 200);
  const auto truncated = node.begin_read(7, 9);
  WALWrite cut = append(7, 7, 1, 15000);
  cut.truncate_from = Index(7);
  std::optional<Error> cut_done;
  node.wal->write(std::move(cut), [&](const Error& error) { cut_done = error; });
  node.reading->run();  // what it met is told behind the write
  node.run_all();
  ASSERT_TRUE(cut_done && !*cut_done);
  ASSERT_TRUE(*truncated);
  expect_good(**truncated, 7, 7, 15000);
  EXPECT_THAT(node.events, IsEmpty());
}

TEST(FileWALReading, WhatIsReleasedIsNotHeldOpen) {
  SimulatedDisk disk;
  ReadingNode node(disk);
  write_batches(node, 15000);
  expect_good(node.read(1, 1), 1, 1, 15000);
  const std::uint64_t used = disk.used_bytes();
  ASSERT_FALSE(node.release(3));
  EXPECT_LT(disk.used_bytes(), used - 40000);
}

TEST(FileWALReading, CloseAnswersTheReadsUnderWayFirst) {
  SimulatedDisk disk;
  ReadingNode node(disk);
  write_batches(node);
  std::vector<std::string> order;
  node.wal->read(range(1, 9), 1 << 20, [&](const ReadResult& read) {
    EXPECT_TRUE(read);
    order.push_back("read");
  });
  node.wal->close([&](const Error& error) {
    EXPECT_FALSE(error);
    order.push_back("close");
  });
  node.runtime.executor->run();
  EXPECT_THAT(order, IsEmpty());
  node.run_all();
  EXPECT_THAT(order, ElementsAre("read", "close"));
  ReadingNode next(disk, 2);
  EXPECT_TRUE(next.open()) << "the lock is free";
}

TEST(FileWALReading, DroppingTheLogAnswersTheReadsUnderWay) {
  SimulatedDisk disk;
  ReadingNode node(disk);
  write_batches(node);
  const auto read = node.begin_read(1, 9);
  node.runtime.executor->run();
  node.wal.reset();
  node.run_all();
  ASSERT_TRUE(*read);
  EXPECT_EQ((*read)->error(), Errc::kStopped);
}

TEST(FileWALReading, WhoeverReadsOnIsServedFromLargePieces) {
  SimulatedDisk disk;
  ReadingNode node(disk);
  node.options.segment_bytes = 16 << 20;
  ASSERT_TRUE(node.open());
  constexpr std::uint64_t kEntries = 8000;
  for (std::uint64_t index = 1; index <= kEntries; index += 4) {
    ASSERT_FALSE(node.write(append(index, index + 3, 1, 1000)));
  }
  ASSERT_FALSE(node.close());
  ASSERT_TRUE(node.open());
  const std::uint64_t calls = disk.calls();
  const std::uint64_t bytes = disk.bytes_read();
  // Two followers that catch up, each at its own place.
  std::uint64_t next[] = {1, kEntries / 2};
  while (next[1] <= kEntries) {
    for (std::uint64_t& each : next) {
      const auto read = node.read(each, std::min(each + 99, kEntries), 16 << 10);
      ASSERT_TRUE(read);
      each += read->size();
    }
  }
  const std::uint64_t payload = kEntries * 1080;
  EXPECT_LT(disk.bytes_read() - bytes, payload * 3 / 2);
  EXPECT_LT(disk.calls() - calls, 30U) << "some 500 reads were served";
}

TEST(FileWALReading, AFailureThatNobodyAskedForIsTold) {
  SimulatedDisk disk;
  ReadingNode node(disk);
  write_batches(node);
  disk.fail_from_call(disk.calls() + 1);
  node.runtime.fire_timers();
  node.runtime.fire_timers();
  ASSERT_EQ(node.events.size(), 1U);
  const auto* failed = std::get_if<WALFailed>(&node.events[0]);
  ASSERT_NE(failed, nullptr);
  EXPECT_EQ(failed->error, Errc::kIo);
  EXPECT_EQ(node.write(append(10, 10, 1)), Errc::kIo);
  for (int round = 0; round < 3; ++round) node.runtime.fire_timers();
  EXPECT_EQ(node.events.size(), 1U);
}

TEST(FileWALReading, AFailureThatACallCanTellIsNotToldBesides) {
  SimulatedDisk disk;
  ReadingNode node(disk);
  write_batches(node);
  disk.fail_from_call(disk.calls() + 1);
  EXPECT_EQ(node.write(append(10, 10, 1)), Errc::kIo);
  EXPECT_THAT(node.events, IsEmpty());
}

/// On threads, with real files: appends one after another, each followed by a read of older
/// entries, with releases in between; ended by `close` or by dropping the log.
class Traffic {
 public:
  Traffic(const std::shared_ptr<AsioRuntime>& runtime, FileWALOptions options, bool close)
      : executor_(runtime->make_worker("wal")),
        reading_(runtime->make_worker("wal-read")),
        wal_(*FileWALManager::create(std::move(options), *runtime, executor_, reading_)),
        close_(close) {}

  void run() {
    executor_->post([this] {
      wal_->open([this](const Result<WALState>& state) {
        ASSERT_TRUE(state) << state.error().message;
        first_ = state->bounds.last.value() + 1;
        write(first_);
      });
    });
    ended_.get_future().wait();
    // Behind what is still under way.
    for (int round = 0; round < 2; ++round) {
      for (const auto& each : {reading_, executor_}) {
        std::promise<void> through;
        each->post([&] { through.set_value(); });
        through.get_future().wait();
      }
    }
    EXPECT_EQ(answered_, kEntries);
    EXPECT_GT(good_, 0U);
  }

 private:
  static constexpr std::uint64_t kEntries = 1500;

  void write(std::uint64_t index) {
    wal_->write(append(index, index, 1, 300), [this, index](const Error& error) {
      ASSERT_FALSE(error) << error.message;
      read(index - std::min<std::uint64_t>(index - first_, 700), index);
      if (index % 400 == 0) {
        wal_->release_prefix(make_boundary(index - 300, 1),
                             [](const Error& released) { EXPECT_FALSE(released); });
      }
      if (index + 1 < first_ + kEntries) return write(index + 1);
      if (close_) {
        wal_->close([this](const Error& closed) {
          EXPECT_FALSE(closed) << closed.message;
          ended_.set_value();
        });
      } else {
        wal_.reset();
        ended_.set_value();
      }
    });
  }

  void read(std::uint64_t from, std::uint64_t to) {
    wal_->read(range(from, to), 20000, [this, from](const ReadResult& read) {
      ++answered_;
      if (read) {
        ++good_;
        EXPECT_TRUE(same(read->front(), make_entry(from, 1, 300)));
      } else {
        EXPECT_TRUE(read.error() == Errc::kReleased || read.error() == Errc::kStopped)
            << read.error().message;
      }
    });
  }

  const std::shared_ptr<IExecutor> executor_;
  const std::shared_ptr<IExecutor> reading_;
  std::unique_ptr<FileWALManager> wal_;
  const bool close_;
  std::promise<void> ended_;
  std::uint64_t first_ = 0;
  std::uint64_t answered_ = 0;
  std::uint64_t good_ = 0;
};

TEST(FileWALReading, ReadersAndTheWriterOnThreadsOfTheirOwn) {
  const auto folder = std::filesystem::temp_directory_path() /
                      ("lockstep-wal-reading-" + std::to_string(::getpid()));
  std::filesystem::remove_all(folder);
  const auto runtime = AsioRuntime::create();
  ASSERT_TRUE(runtime);
  FileWALOptions options;
  options.folder = folder.string();
  options.node = kNode;
  options.group = kGroup;
  options.segment_bytes = 64 << 10;
  options.zero_fill_bytes = 16 << 10;
  options.cache_bytes = 8 << 10;
  options.sync = false;
  options.log = [](LogLevel, std::string_view) {};
  for (const bool close : {true, false}) Traffic(runtime, options, close).run();
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace lockstep::testing
