// A writer process killed with SIGKILL at random moments, 300 times, while it writes to real files:
// a third on the disk, where syncs take their time, the others on a file system in memory, where
// lives are full. LOCKSTEP_KILLS says how often in all.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "crash/workload.hpp"
#include "runtime/posix_file_system.hpp"

namespace lockstep::testing {
namespace {

using Clock = std::chrono::steady_clock;

std::uint64_t wanted_kills() {
  if (const char* asked = std::getenv("LOCKSTEP_KILLS")) return std::strtoull(asked, nullptr, 10);
#if defined(LOCKSTEP_SANITIZED)
  return 40;
#else
  return 300;
#endif
}

/// A life of the writer, to its violent end.
class Life {
 public:
  Life(const std::string& folder, std::uint64_t seed) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    reports_ = ends[0];
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    const std::string number = std::to_string(seed);
    char* const words[] = {const_cast<char*>(LOCKSTEP_CRASH_WRITER),
                           const_cast<char*>(folder.c_str()), const_cast<char*>(number.c_str()),
                           nullptr};
    EXPECT_EQ(::posix_spawn(&process_, words[0], &actions, nullptr, words, environ), 0);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
  }
  ~Life() { ::close(reports_); }
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  /// Waits for a report until `deadline`. False: none came, or the writer has ended.
  bool hear(Clock::time_point deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd waiting{reports_, POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(0, left.count()))) <= 0) {
      return false;
    }
    return take();
  }

  /// Kills it, and hears what it had said before. False: it had ended by itself.
  [[nodiscard]] bool kill() {
    ::kill(process_, SIGKILL);
    while (take()) {
    }
    int status = 0;
    ::waitpid(process_, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  }

  [[nodiscard]] bool opened() const { return opened_; }
  [[nodiscard]] std::uint64_t durable() const { return durable_; }

 private:
  bool take() {
    std::uint64_t durable = 0;
    if (::read(reports_, &durable, sizeof(durable)) != sizeof(durable)) return false;
    opened_ = true;
    durable_ = durable;
    return true;
  }

  pid_t process_ = 0;
  int reports_ = -1;
  bool opened_ = false;
  std::uint64_t durable_ = 0;
};

/// What all kills have met; a run that met too little proves too little.
struct Met {
  std::uint64_t kills = 0;
  std::uint64_t while_opening = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t kept_beyond = 0;  // durable, but not yet reported
  std::uint64_t segments = 0;
  std::uint64_t releases = 0;
  std::uint64_t truncations = 0;
};

/// The state after the acknowledged operations, or after some more of those in flight; empty when
/// the log is none of these.
std::optional<ExpectedLog> find_state(const ExpectedLog& found, std::uint64_t seed,
                                      const ExpectedLog& before, std::uint64_t durable, Met& met) {
  Workload workload(seed, before);
  const auto next = [&] {
    const Operation operation = workload.next();
    if (operation.release) ++met.releases;
    if (operation.write.truncate_from) ++met.truncations;
  };
  for (std::uint64_t i = 0; i < durable; ++i) next();
  for (std::uint64_t more = 0; more <= 8; ++more) {
    if (workload.log() == found) {
      if (more > 0) ++met.kept_beyond;
      return found;
    }
    next();
  }
  return std::nullopt;
}

std::string describe(const ExpectedLog& log) {
  return "entries " + std::to_string(log.first) + ".." + std::to_string(log.last()) + ", term " +
         to_string(log.hard_state.current_term) + ", vote " + log.hard_state.voted_for.str();
}

void expect_every_entry(Caller& caller, const ExpectedLog& log) {
  if (log.terms.empty()) return;
  const std::vector<Entry> entries = caller.entries(log.first, log.last());
  ASSERT_EQ(entries.size(), log.terms.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Entry expected = workload_entry(log.first + i, log.terms[i]);
    ASSERT_TRUE(same(entries[i], expected)) << "entry " << log.first + i;
  }
}

void kill_often_in(const std::string& log, std::uint64_t kills, std::uint64_t seed,
                   std::chrono::microseconds longest_life, Met& met) {
  PosixFileSystem files;
  SplitMix64 numbers(seed);
  ExpectedLog expected;
  for (std::uint64_t round = 1; round <= kills && !::testing::Test::HasFatalFailure(); ++round) {
    SCOPED_TRACE("kill " + std::to_string(round));
    Life life(log, round);
    // Most are killed some milliseconds after the log was opened, some before.
    const bool early = numbers.below(8) == 0;
    if (!early) {
      ASSERT_TRUE(life.hear(Clock::now() + std::chrono::seconds(30))) << "the log was not opened";
    }
    const auto moment =
        Clock::now() + numbers.below(static_cast<std::uint64_t>(longest_life.count())) *
                           std::chrono::microseconds(1);
    while (life.hear(moment)) {
    }
    ASSERT_TRUE(life.kill()) << "the writer gave up by itself";
    ++met.kills;
    if (!life.opened()) ++met.while_opening;
    met.acknowledged += life.durable();

    ManualRuntime runtime(files, round);
    auto wal = *FileWALManager::create(workload_options(log), runtime, runtime.executor);
    Caller caller(*wal, *runtime.executor);
    const auto state = caller.open();
    ASSERT_TRUE(state) << state.error().message;
    ASSERT_TRUE(state->damaged.empty());
    const ExpectedLog found = ExpectedLog::of(*state);
    const auto now = find_state(found, round, expected, life.durable(), met);
    ASSERT_TRUE(now) << "after " << life.durable() << " acknowledged operations the log has "
                     << describe(found) << "; before them it had " << describe(expected);
    expected = *now;
    expect_every_entry(caller, expected);
    // The next writer finds a log that was closed, or one whose end came in the middle again.
    if (numbers.below(4) == 0) {
      ASSERT_FALSE(caller.close());
    }
  }
  for (const std::string& name : *files.list(log)) {
    if (!name.ends_with(".wal")) continue;
    met.segments = std::stoull(name.substr(8, 16), nullptr, 16);
  }
}

Met kill_often(const std::string& place, std::uint64_t kills, std::uint64_t seed,
               std::chrono::milliseconds longest_life) {
  Met met;
  std::string folder = place + "/lockstep-kill-XXXXXX";
  EXPECT_NE(::mkdtemp(folder.data()), nullptr);
  kill_often_in(folder + "/log", kills, seed, longest_life, met);
  std::filesystem::remove_all(folder);
  std::cout << met.kills << " kills in " << place << ", " << met.while_opening
            << " of them while opening; " << met.acknowledged
            << " operations acknowledged, all there; " << met.kept_beyond
            << " times what was in flight was kept; " << met.segments << " segments, "
            << met.truncations << " truncations, " << met.releases << " releases\n";
  EXPECT_EQ(met.kills, kills);
  if (kills >= 50) {
    EXPECT_GT(met.while_opening, 0u);
    EXPECT_GT(met.acknowledged, kills);
    EXPECT_GT(met.kept_beyond, 0u);
  }
  return met;
}

TEST(Kill, AProcessKilledOnADiskLosesNothingThatItAcknowledged) {
  static_cast<void>(
      kill_often(::testing::TempDir(), wanted_kills() / 3, 1, std::chrono::milliseconds(12)));
}

TEST(Kill, AProcessKilledInFullFlightLosesNothingThatItAcknowledged) {
  const bool in_memory = ::access("/dev/shm", W_OK) == 0;
  const std::uint64_t kills = wanted_kills() - wanted_kills() / 3;
  const Met met = kill_often(in_memory ? "/dev/shm" : ::testing::TempDir(), kills, 2,
                             std::chrono::milliseconds(6));
  if (kills < 50 || !in_memory) return;
  EXPECT_GT(met.acknowledged, 10 * kills);
  // Two come with each kill.
  EXPECT_GT(met.segments, 3 * kills) << "it hardly ever rolled over";
  EXPECT_GT(met.truncations, kills);
  EXPECT_GT(met.releases, kills / 2);
}

}  // namespace
}  // namespace lockstep::testing
