// A writer process killed with SIGKILL while it writes to real files.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "runtime/posix_file_system.hpp"
#include "wal/wal_harness.hpp"

#include "lockstep/file_wal_manager.hpp"

namespace lockstep::testing {
namespace {

FileWALOptions options_for(const std::string& folder) {
  FileWALOptions options;
  options.folder = folder;
  options.node = kNode;
  options.group = kGroup;
  options.segment_bytes = 64 << 10;
  options.zero_fill_bytes = 8 << 10;
  options.log = [](LogLevel, std::string_view) {};
  return options;
}

/// Appends for ever and says through the pipe what is durable. Returns only on failure.
void write_until_killed(const std::string& folder, int pipe) {
  PosixFileSystem files;
  ManualRuntime runtime(files, static_cast<std::uint64_t>(::getpid()));
  auto wal = *FileWALManager::create(options_for(folder), runtime, runtime.executor);
  Caller caller(*wal, *runtime.executor);
  const auto state = caller.open();
  if (!state) return;
  std::uint64_t next = state->bounds.last.value() + 1;
  for (;;) {
    for (std::uint64_t burst = 1 + next % 3; burst > 0; --burst, ++next) {
      wal->write(append(next, next, 1, next % 700), [pipe, next](const Error& error) {
        if (error || ::write(pipe, &next, sizeof(next)) != sizeof(next)) ::_exit(1);
      });
    }
    runtime.executor->run();
  }
}

/// The last index that the writer has acknowledged, after it was killed behind `wanted`.
std::uint64_t run_and_kill_writer(const std::string& folder, std::uint64_t wanted) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    write_until_killed(folder, ends[1]);
    ::_exit(1);
  }
  ::close(ends[1]);
  std::uint64_t acknowledged = 0;
  std::uint64_t index = 0;
  bool killed = false;
  while (::read(ends[0], &index, sizeof(index)) == sizeof(index)) {
    acknowledged = index;
    if (!killed && acknowledged >= wanted) {
      ::kill(child, SIGKILL);
      killed = true;
    }
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(killed && WIFSIGNALED(status)) << "the writer gave up by itself";
  return acknowledged;
}

TEST(FileWALKill, AKilledWriterLosesNothingThatItAcknowledged) {
  std::string folder = ::testing::TempDir() + "lockstep-wal-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  PosixFileSystem files;
  std::uint64_t acknowledged = 0;
  for (std::uint64_t round = 1; round <= 6; ++round) {
    acknowledged = run_and_kill_writer(folder + "/log", acknowledged + 20 + 13 * round);
    ManualRuntime runtime(files, round);
    auto wal = *FileWALManager::create(options_for(folder + "/log"), runtime, runtime.executor);
    Caller caller(*wal, *runtime.executor);
    const auto state = caller.open();
    ASSERT_TRUE(state) << state.error().message;
    ASSERT_GE(state->bounds.last.value(), acknowledged);
    EXPECT_TRUE(state->damaged.empty());
    const auto read = caller.read(1, state->bounds.last.value());
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_EQ(read->size(), state->bounds.last.value());
    for (const Entry& entry : *read) {
      const std::uint64_t index = entry.header.index.value();
      ASSERT_TRUE(same(entry, make_entry(index, 1, index % 700)));
    }
    // The next writer finds a log that was closed, or one that was not.
    if (round % 2 == 0) {
      EXPECT_FALSE(caller.close());
    }
    acknowledged = state->bounds.last.value();
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace lockstep::testing
