// The commands that look, at a log that another thread writes to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "runtime/posix_file_system.hpp"
#include "tools/child.hpp"
#include "tools/sample_log.hpp"

namespace lockstep::testing {
namespace {

using ::testing::HasSubstr;
using tools::ExitStatus;

/// Appends, truncates, releases and rolls over, as fast as it can, until it is stopped.
class Writer {
 public:
  explicit Writer(const std::string& folder) : runtime_(files_) {
    FileWALOptions options;
    options.folder = folder;
    options.node = kNode;
    options.group = kGroup;
    options.segment_bytes = 64 << 10;
    options.zero_fill_bytes = 16 << 10;
    options.sync = false;  // many changes for the readers to meet
    options.log = [](LogLevel, std::string_view) {};
    wal_ = *FileWALManager::create(options, runtime_, runtime_.executor);
    const auto opened = Caller(*wal_, *runtime_.executor).open();
    EXPECT_TRUE(opened) << opened.error().message;
    thread_ = std::thread([this] { write_until_stopped(); });
  }
  ~Writer() {
    stop_ = true;
    thread_.join();
    EXPECT_FALSE(Caller(*wal_, *runtime_.executor).close());
  }
  [[nodiscard]] std::uint64_t written() const { return written_; }

 private:
  void write_until_stopped() {
    Caller caller(*wal_, *runtime_.executor);
    std::uint64_t next = 1;
    std::uint64_t term = 1;
    for (std::uint64_t round = 1; !stop_; ++round) {
      WALWrite write;
      if (round % 7 == 0) {
        // A new leader replaces the last five.
        ++term;
        next -= 5;
        write.truncate_from = Index(next);
      }
      write.entries = make_entries(next, next + 9, term, 400);
      next += 10;
      ASSERT_FALSE(caller.write(std::move(write)));
      // The boundary's term is that of the entry: ask the log.
      if (round % 20 == 0 && next > 600) {
        const std::uint64_t index = next - 500;
        const auto entry = caller.read(index, index);
        ASSERT_TRUE(entry) << entry.error().message;
        ASSERT_FALSE(caller.release(make_boundary(index, entry->front().header.term.value())));
      }
      written_ = next;
    }
  }

  PosixFileSystem files_;
  ManualRuntime runtime_;
  std::unique_ptr<FileWALManager> wal_;
  std::atomic<bool> stop_ = false;
  std::atomic<std::uint64_t> written_ = 0;
  std::thread thread_;
};

TEST(LiveFolder, IsReadWhileAnotherWritesRollsOverAndRemoves) {
  const TemporaryFolder folder;
  const std::string log = folder.path() + "/log";
  PosixFileSystem files;
  std::uint64_t first_looks_at = 0;
  std::uint64_t looked_at = 0;
  {
    Writer writer(log);
    for (int round = 0; round < 40 && !HasFailure(); ++round) {
      for (const char* command : {"inspect", "dump", "verify"}) {
        const Outcome outcome = run_tool(files, {command, log});
        // What is read may be released meanwhile; then the sentence says so.
        if (outcome.status == ExitStatus::kFailed) {
          EXPECT_THAT(outcome.err, HasSubstr("try again"));
          continue;
        }
        EXPECT_EQ(outcome.status, ExitStatus::kWhole) << command << "\n" << outcome.out;
        if (std::string(command) != "dump") {
          EXPECT_THAT(outcome.out, HasSubstr("held by process " + std::to_string(::getpid())));
        }
        ++looked_at;
      }
      if (round == 0) first_looks_at = writer.written();
    }
    EXPECT_GT(writer.written(), first_looks_at) << "nobody wrote meanwhile";
    EXPECT_GT(looked_at, 90u) << "too many looks were in vain";
    const ChildOutcome program = run_program(LOCKSTEP_WAL, {"verify", log});
    EXPECT_EQ(program.status, 0) << program.out << program.err;
    EXPECT_THAT(program.out, HasSubstr("live: "));
    const ChildOutcome cut = run_program(LOCKSTEP_WAL, {"repair", log, "--cut-tail", "--yes"});
    EXPECT_EQ(cut.status, 0) << "a whole log needs no cut";
  }
  EXPECT_EQ(run_tool(files, {"verify", log}).status, ExitStatus::kWhole);
  EXPECT_THAT(run_tool(files, {"inspect", log}).out, HasSubstr("live            no\n"));
}

TEST(LiveFolder, SaysNothingOfLifeWhenTheProcessIsGone) {
  const TemporaryFolder folder;
  const std::string log = folder.path() + "/log";
  PosixFileSystem files;
  { Writer writer(log); }
  const nlohmann::json object =
      nlohmann::json::parse(run_tool(files, {"inspect", log, "--json"}).out);
  EXPECT_EQ(object["live"], false);
}

}  // namespace
}  // namespace lockstep::testing
