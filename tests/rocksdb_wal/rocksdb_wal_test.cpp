// What RocksDB adds to what every log must do: one sync for many calls, rot in its files, its
// locks, its disk.
#include "rocksdb_wal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "lockstep/asio_runtime.hpp"
#include "lockstep/testing/sealed_entry.hpp"
#include "rocksdb_wal/faulty_disk.hpp"

namespace rocksdb_wal::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kPayloadBytes = 1000;

Entry make_entry(std::uint64_t index, std::uint64_t term = 1) {
  EntryHeader header;
  header.index = Index(index);
  header.term = Term(term);
  // No two alike, and nothing that could be compressed.
  Payload payload(kPayloadBytes);
  std::uint64_t number = index * 1000 + term;
  for (std::uint8_t& byte : payload.bytes()) {
    number = number * 6364136223846793005U + 1442695040888963407U;
    byte = static_cast<std::uint8_t>(number >> 56);
  }
  return lockstep::testing::seal_entry(header, std::move(payload));
}

WALWrite append(std::uint64_t first, std::uint64_t last) {
  WALWrite write;
  for (std::uint64_t index = first; index <= last; ++index) {
    write.entries.push_back(make_entry(index));
  }
  return write;
}

class RocksDBLog : public ::testing::Test {
 protected:
  RocksDBLog() {
    std::string name = (std::filesystem::temp_directory_path() / "rocksdb-wal-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no temporary folder: " << name;
    folder_ = name;
    options_.folder = (folder_ / "log").string();
    options_.node = NodeId("a");
  }
  ~RocksDBLog() override {
    on_executor([this] { wal_.reset(); });
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  void on_executor(std::function<void()> work) {
    std::promise<void> done;
    executor_->post([&] { work(), done.set_value(); });
    done.get_future().wait();
  }
  /// Calls the log on its executor, and waits for the answer.
  template <class Answer>
  Answer ask(std::function<void(RocksDBWAL&, std::function<void(Answer)>)> call) {
    std::promise<Answer> promise;
    executor_->post(
        [&] { call(*wal_, [&promise](Answer answer) { promise.set_value(std::move(answer)); }); });
    return promise.get_future().get();
  }

  std::unique_ptr<RocksDBWAL> make() {
    return std::make_unique<RocksDBWAL>(options_, *runtime_, executor_);
  }
  Result<WALState> open() {
    on_executor([this] {
      wal_ = make();
      wal_->on_event([this](const WALEvent& event) { events_.push_back(event); });
    });
    return ask<Result<WALState>>([](RocksDBWAL& wal, auto done) { wal.open(done); });
  }
  Error write(WALWrite write) {
    return ask<Error>([&](RocksDBWAL& wal, auto done) { wal.write(std::move(write), done); });
  }
  Error repair(std::uint64_t first, std::vector<Entry> entries) {
    const IndexRange range{Index(first), Index(first + entries.size() - 1)};
    return ask<Error>([&](RocksDBWAL& wal, auto done) { wal.repair(range, entries, done); });
  }
  Result<std::vector<Entry>> read(std::uint64_t first, std::uint64_t last) {
    const IndexRange range{Index(first), Index(last)};
    return ask<Result<std::vector<Entry>>>(
        [&](RocksDBWAL& wal, auto done) { wal.read(range, std::size_t{1} << 30, done); });
  }
  Error close() {
    return ask<Error>([](RocksDBWAL& wal, auto done) { wal.close(done); });
  }
  void expect_entries(std::uint64_t first, std::uint64_t last) {
    const Result<std::vector<Entry>> found = read(first, last);
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_EQ(found->size(), last - first + 1);
    for (const Entry& entry : *found) {
      EXPECT_EQ(entry.digest, make_entry(entry.header.index.value()).digest);
    }
  }
  /// RocksDB moves what its log holds to table files when it is opened.
  void reopen() {
    EXPECT_FALSE(close());
    const Result<WALState> state = open();
    ASSERT_TRUE(state) << state.error().message;
  }
  [[nodiscard]] std::vector<std::filesystem::path> files(const std::string& extension) const {
    std::vector<std::filesystem::path> found;
    for (const auto& file : std::filesystem::directory_iterator(options_.folder)) {
      if (file.path().extension() == extension) found.push_back(file.path());
    }
    return found;
  }
  [[nodiscard]] static std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  /// Flips one bit of what `entry` says, in whichever file of that extension it lies.
  void rot(const std::string& extension, const Entry& entry) {
    const std::string wanted(entry.payload().view());
    for (const auto& path : files(extension)) {
      std::string bytes = bytes_of(path);
      const std::size_t at = bytes.find(wanted);
      if (at == std::string::npos) continue;
      bytes[at + wanted.size() / 2] ^= 1;
      std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
      return;
    }
    ADD_FAILURE() << "entry " << entry.header.index.value() << " is in no " << extension << " file";
  }

  FaultyDisk disk_;
  std::filesystem::path folder_;
  RocksDBWALOptions options_;
  std::shared_ptr<AsioRuntime> runtime_ = AsioRuntime::create();
  std::shared_ptr<IExecutor> executor_ = runtime_->make_worker("wal");
  std::vector<WALEvent> events_;
  std::unique_ptr<RocksDBWAL> wal_;
};

TEST_F(RocksDBLog, CallsThatWaitShareOneSync) {
  options_.env = disk_.env();
  ASSERT_TRUE(open());
  disk_.switches().log_syncs = 0;
  constexpr int kCalls = 50;
  std::vector<int> order;
  std::promise<void> all;
  executor_->post([&] {
    for (int call = 1; call <= kCalls; ++call) {
      const auto index = static_cast<std::uint64_t>(call);
      wal_->write(append(index, index), [&, call](const Error& error) {
        EXPECT_FALSE(error) << error.message;
        order.push_back(call);
        if (call == kCalls) all.set_value();
      });
    }
  });
  all.get_future().wait();
  EXPECT_EQ(disk_.switches().log_syncs, 1);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  reopen();
  expect_entries(1, kCalls);
  EXPECT_FALSE(close());
}

TEST_F(RocksDBLog, RotInATableIsReportedAndRepaired) {
  ASSERT_TRUE(open());
  EXPECT_FALSE(write(append(1, 20)));
  reopen();
  expect_entries(1, 20);
  EXPECT_FALSE(close());
  rot(".sst", make_entry(10));

  const Result<WALState> state = open();
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(state->bounds, (IndexRange{Index(1), Index(20)}));
  const Result<std::vector<Entry>> before = read(1, 20);
  ASSERT_TRUE(before) << before.error().message;
  ASSERT_EQ(events_.size(), 1U);
  const IndexRange damaged = std::get<WALDamaged>(events_.front()).range;
  EXPECT_EQ(before->size(), damaged.first.value() - 1) << "stops before the damage";
  EXPECT_TRUE(damaged.contains(Index(10)));
  EXPECT_LE(damaged.size(), 6U) << "a block of 4 KiB";
  EXPECT_EQ(read(10, 20).error(), Errc::kCorruption);
  expect_entries(damaged.last.value() + 1, 20);

  std::vector<Entry> copies;
  for (Index index = damaged.first; index <= damaged.last; index = index.next()) {
    copies.push_back(make_entry(index.value()));
  }
  std::vector<Entry> of_another_term = copies;
  of_another_term[0] = make_entry(damaged.first.value(), 2);
  EXPECT_EQ(repair(damaged.first.value(), of_another_term), Errc::kInvalidArgument);
  EXPECT_EQ(repair(1, {make_entry(1)}), Errc::kInvalidArgument) << "not damaged";
  EXPECT_FALSE(repair(damaged.first.value(), copies));
  expect_entries(1, 20);
  reopen();
  expect_entries(1, 20);
}

TEST_F(RocksDBLog, DamageFoundIsRemembered) {
  ASSERT_TRUE(open());
  EXPECT_FALSE(write(append(1, 20)));
  reopen();
  EXPECT_FALSE(close());
  rot(".sst", make_entry(10));
  ASSERT_TRUE(open());
  EXPECT_EQ(read(10, 10).error(), Errc::kCorruption);
  EXPECT_FALSE(write(append(21, 21)));
  EXPECT_FALSE(close());
  const Result<WALState> state = open();
  ASSERT_TRUE(state);
  ASSERT_EQ(state->damaged.size(), 1U);
  EXPECT_TRUE(state->damaged.front().contains(Index(10)));
}

TEST_F(RocksDBLog, RotInTheMiddleOfRocksDBsLogIsNeverCutInSilence) {
  ASSERT_TRUE(open());
  EXPECT_FALSE(write(append(1, 10)));
  EXPECT_FALSE(write(append(11, 20)));
  EXPECT_FALSE(close());
  rot(".log", make_entry(5));
  EXPECT_EQ(open().error(), Errc::kCorruption);
}

TEST_F(RocksDBLog, HalfARecordAtTheEndIsATornTail) {
  ASSERT_TRUE(open());
  EXPECT_FALSE(write(append(1, 10)));
  EXPECT_FALSE(write(append(11, 20)));
  EXPECT_FALSE(close());
  for (const auto& path : files(".log")) {
    const auto bytes = std::filesystem::file_size(path);
    if (bytes > 0) std::filesystem::resize_file(path, bytes - 500);
  }
  const Result<WALState> state = open();
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(state->bounds, (IndexRange{Index(1), Index(10)})) << "a write is there or it is not";
  expect_entries(1, 10);
  EXPECT_FALSE(write(append(11, 12)));
  expect_entries(1, 12);
}

TEST_F(RocksDBLog, AFullDiskRefusesAndGoesOnOnceThereIsRoom) {
  options_.env = disk_.env();
  ASSERT_TRUE(open());
  EXPECT_FALSE(write(append(1, 5)));
  disk_.switches().room = 0;
  EXPECT_EQ(write(append(6, 8)), Errc::kNoSpace);
  EXPECT_EQ(write(append(9, 9)), Errc::kInvalidArgument) << "what it builds on is not there";
  EXPECT_EQ(write(append(6, 8)), Errc::kNoSpace);
  expect_entries(1, 5);
  EXPECT_EQ(read(6, 6).error(), Errc::kOutOfRange);
  disk_.switches().room = FaultyDisk::kPlenty;
  const Error resumed = write(append(6, 9));
  EXPECT_FALSE(resumed) << resumed.message;
  expect_entries(1, 9);
  reopen();
  expect_entries(1, 9);
}

TEST_F(RocksDBLog, OnAFullDiskVotesAndReleasesPassAlsoBesideEntries) {
  options_.env = disk_.env();
  ASSERT_TRUE(open());
  EXPECT_FALSE(write(append(1, 5)));
  disk_.switches().room = 0;
  std::vector<Error> answers;
  std::promise<void> all;
  executor_->post([&] {
    const auto note = [&](const Error& error) {
      answers.push_back(error);
      if (answers.size() == 3) all.set_value();
    };
    WALWrite vote;
    vote.hard_state = HardState{Term(3), NodeId("b")};
    Boundary boundary;
    boundary.last = {Index(3), Term(1)};
    wal_->write(append(6, 6), note);
    wal_->write(vote, note);
    wal_->release_prefix(boundary, note);
  });
  all.get_future().wait();
  EXPECT_EQ(answers[0], Errc::kNoSpace);
  EXPECT_FALSE(answers[1]) << answers[1].message;
  EXPECT_FALSE(answers[2]) << answers[2].message;
  expect_entries(4, 5);
  EXPECT_EQ(write(append(6, 6)), Errc::kNoSpace) << "the room of the ballast is not for entries";
  disk_.switches().room = FaultyDisk::kPlenty;
  EXPECT_FALSE(write(append(6, 6)));
  EXPECT_FALSE(close());
  const Result<WALState> state = open();
  ASSERT_TRUE(state);
  EXPECT_EQ(state->hard_state, (HardState{Term(3), NodeId("b")}));
  expect_entries(4, 6);
}

TEST_F(RocksDBLog, AFailedSyncIsFinal) {
  options_.env = disk_.env();
  ASSERT_TRUE(open());
  EXPECT_FALSE(write(append(1, 5)));
  disk_.switches().syncs_fail = true;
  const Error failed = write(append(6, 6));
  EXPECT_EQ(failed, Errc::kIo);
  EXPECT_THAT(failed.message, HasSubstr("the disk does not answer"));
  disk_.switches().syncs_fail = false;
  EXPECT_EQ(write(append(6, 6)), Errc::kIo);
  EXPECT_EQ(close(), Errc::kIo);
  ASSERT_TRUE(open()) << "opened anew it goes on";
  EXPECT_FALSE(write(append(6, 6)) && write(append(7, 7)));
}

TEST_F(RocksDBLog, AFailureBehindItsBackIsTold) {
  options_.env = disk_.env();
  ASSERT_TRUE(open());
  std::promise<Error> told;
  on_executor([&] {
    wal_->on_event(
        [&](const WALEvent& event) { told.set_value(std::get<WALFailed>(event).error); });
  });
  disk_.switches().table_syncs_fail = true;
  constexpr std::uint64_t kMoreThanIsKeptInMemory = 10000;  // 10 MB
  EXPECT_FALSE(write(append(1, kMoreThanIsKeptInMemory)));
  EXPECT_FALSE(write(append(kMoreThanIsKeptInMemory + 1, kMoreThanIsKeptInMemory + 1)));
  const Error error = told.get_future().get();
  EXPECT_THAT(error.message, HasSubstr("the disk does not answer"));
  EXPECT_EQ(write(append(kMoreThanIsKeptInMemory + 2, kMoreThanIsKeptInMemory + 2)), Errc::kIo);
  EXPECT_EQ(close(), Errc::kIo);
}

TEST_F(RocksDBLog, RefusesADatabaseOfSomethingElse) {
  options_.folder = (folder_ / "other").string();
  rocksdb::Options create;
  create.create_if_missing = true;
  rocksdb::DB* raw = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(create, options_.folder, &raw).ok());
  const std::unique_ptr<rocksdb::DB> other(raw);
  ASSERT_TRUE(other->Put({}, "key", "value").ok());
  EXPECT_EQ(open().error(), Errc::kIo) << "it is in use";
  ASSERT_TRUE(other->Close().ok());
  EXPECT_EQ(open().error(), Errc::kForeignData);
}

TEST_F(RocksDBLog, RefusesTheLogOfAnotherNodeAndNamesBoth) {
  ASSERT_TRUE(open());
  EXPECT_FALSE(close());
  options_.node = NodeId("b");
  const Result<WALState> state = open();
  EXPECT_EQ(state.error(), Errc::kForeignData);
  EXPECT_THAT(state.error().message, HasSubstr("node a; asked for was b"));
}

}  // namespace
}  // namespace rocksdb_wal::testing
