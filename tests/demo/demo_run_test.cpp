// The demo as its users run it: the program, its last line, its exit status.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct Outcome {
  int exit_status = -1;
  std::string output;

  [[nodiscard]] std::string last_line() const {
    const std::size_t end = output.find_last_not_of('\n');
    if (end == std::string::npos) return {};
    const std::size_t begin = output.rfind('\n', end);
    return output.substr(begin == std::string::npos ? 0 : begin + 1,
                         end - (begin == std::string::npos ? 0 : begin + 1) + 1);
  }
};

/// `redirection` decides which of the two outputs is read.
Outcome run_demo(const std::string& arguments, const std::string& redirection = "") {
  Outcome run;
  FILE* pipe =
      ::popen((std::string(LOCKSTEP_DEMO) + " " + arguments + " " + redirection).c_str(), "r");
  if (pipe == nullptr) return run;
  char buffer[4096];
  while (const std::size_t n = std::fread(buffer, 1, sizeof buffer, pipe))
    run.output.append(buffer, n);
  const int status = ::pclose(pipe);
  run.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return run;
}

class Folder {
 public:
  Folder() {
    std::string name = testing::TempDir() + "/lockstep-demo-test-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path_); }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::set<std::string> digests(const nlohmann::json& json) {
  std::set<std::string> different;
  for (const auto& [node, digest] : json.at("state_sha256").items()) {
    different.insert(digest.get<std::string>());
  }
  return different;
}

const std::vector<std::string> kElected = {
    "a leader is elected", "member added",  "member removed",    "partition",
    "its tail replaced",   "leader killed", "killed leader back"};
const std::vector<std::string> kAssigned = {"leadership moved", "old leader fenced"};

void expect_all_held(const Outcome& run, std::uint64_t entries, std::size_t nodes,
                     const std::vector<std::string>& checks = kElected) {
  ASSERT_EQ(run.exit_status, 0) << run.output;
  const auto json = nlohmann::json::parse(run.last_line(), nullptr, false);
  ASSERT_FALSE(json.is_discarded()) << run.last_line();
  EXPECT_EQ(json.at("entries"), entries);
  EXPECT_EQ(json.at("deliveries"), entries * nodes);
  EXPECT_EQ(json.at("expected_deliveries"), entries * nodes);
  EXPECT_EQ(json.at("converged"), true);
  EXPECT_EQ(json.at("state_sha256").size(), nodes);
  EXPECT_EQ(digests(json).size(), 1u);
  EXPECT_GT(json.at("latency_us").at("p50").get<double>(), 0.0);
  EXPECT_GE(json.at("latency_us").at("p99"), json.at("latency_us").at("p50"));
  EXPECT_GT(json.at("throughput_per_s").get<double>(), 0.0);
  EXPECT_EQ(json.at("failed_replications"), 0);
  EXPECT_GE(json.at("checksum_rejections"), 1);
  EXPECT_EQ(json.at("lost_acknowledged_writes"), 0);
  EXPECT_EQ(json.at("passed"), true);
  std::map<std::string, bool> held;
  for (const auto& check : json.at("checks")) held[check.at("name")] = check.at("held");
  for (const char* name :
       {"SYNC", "ASYNC", "follower stopped and back", "damaged frame", "heartbeats"}) {
    EXPECT_TRUE(held[name]) << name;
  }
  for (const std::string& name : checks) EXPECT_TRUE(held[name]) << name;
  if (checks == kElected) {
    EXPECT_GE(json.at("elections"), 3);
    EXPECT_GT(json.at("failover_ms").get<double>(), 0.0);
    EXPECT_GE(json.at("snapshots_installed"), 1) << "by the killed leader, once it was back";
  } else {
    EXPECT_TRUE(json.at("failover_ms").is_null());
  }
}

TEST(DemoRun, ReplicatesTheBundledSample) { expect_all_held(run_demo("--json"), 304, 3); }

TEST(DemoRun, ReplicatesUnderAnAssignedLeader) {
  expect_all_held(run_demo("--json --leadership assigned"), 304, 3, kAssigned);
}

TEST(DemoRun, ReplicatesGeneratedInputOnFiveNodes) {
  expect_all_held(run_demo("--json --nodes 5 --count 500 --payload-bytes 700"), 500, 5);
}

TEST(DemoRun, ReplicatesASingleEntry) { expect_all_held(run_demo("--json --count 1"), 1, 3); }

TEST(DemoRun, EqualInputGivesEqualContents) {
  const auto first = nlohmann::json::parse(run_demo("--json --count 300").last_line());
  const auto second = nlohmann::json::parse(run_demo("--json --count 300").last_line());
  const auto other = nlohmann::json::parse(run_demo("--json --count 301").last_line());
  EXPECT_EQ(digests(first), digests(second));
  EXPECT_NE(digests(first), digests(other));
}

TEST(DemoRun, GoesOnWithAKeptFolder) {
  const Folder folder;
  const std::string arguments = "--json --count 200 --keep --data-dir " + folder.path().string();
  expect_all_held(run_demo(arguments), 200, 3);
  const Outcome again = run_demo(arguments);
  ASSERT_EQ(again.exit_status, 0) << again.output;
  const auto json = nlohmann::json::parse(again.last_line());
  EXPECT_EQ(json.at("entries"), 200);
  EXPECT_EQ(json.at("deliveries"), 2 * 200 * 3);
}

TEST(DemoRun, RefusesAFolderOfAnotherSizeOfGroup) {
  const Folder folder;
  const std::string data = " --data-dir " + folder.path().string();
  ASSERT_EQ(run_demo("--json --count 20 --keep" + data).exit_status, 0);
  const Outcome run = run_demo("--nodes 5" + data, "2>&1 >/dev/null");
  EXPECT_EQ(run.exit_status, 2);
  EXPECT_NE(run.output.find("--nodes 3"), std::string::npos) << run.output;
  EXPECT_FALSE(fs::exists(folder.path() / "node-4"));
}

TEST(DemoRun, RefusesADataFolderThatIsAFile) {
  const Folder folder;
  const fs::path file = folder.path() / "file";
  std::ofstream(file) << "x";
  const Outcome run = run_demo("--data-dir " + file.string(), "2>&1 >/dev/null");
  EXPECT_EQ(run.exit_status, 2);
  EXPECT_NE(run.output.find("--data-dir"), std::string::npos) << run.output;
}

/// Kills the demo as soon as it says `cue`.
void kill_demo_at(const std::string& cue, const std::vector<std::string>& arguments) {
  int said[2];
  ASSERT_EQ(::pipe(said), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::dup2(said[1], STDOUT_FILENO);
    ::close(said[0]);
    std::vector<char*> argv{const_cast<char*>(LOCKSTEP_DEMO)};
    for (const std::string& argument : arguments)
      argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    ::execv(LOCKSTEP_DEMO, argv.data());
    ::_exit(127);
  }
  ::close(said[1]);
  std::string text;
  char c = 0;
  while (text.find(cue) == std::string::npos && ::read(said[0], &c, 1) == 1) text.push_back(c);
  EXPECT_NE(text.find(cue), std::string::npos) << text;
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(said[0]);
}

/// The story is cut short, and told again in the same folder.
TEST(DemoRun, GoesOnAfterBeingKilled) {
  const Folder folder;
  for (const char* cue :
       {"SYNC:", "starting node", "joins the group", "member added", "cutting", "killing"}) {
    kill_demo_at(cue, {"--count", "3000", "--keep", "--data-dir", folder.path().string()});
  }
  const Outcome run = run_demo("--json --count 300 --keep --data-dir " + folder.path().string());
  EXPECT_EQ(run.exit_status, 0) << run.output;
}

TEST(DemoRun, LeavesNothingBehindUnlessTold) {
  const Folder folder;
  const Outcome run = run_demo("--json --count 50 --data-dir " + folder.path().string());
  EXPECT_EQ(run.exit_status, 0);
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(DemoRun, RefusesBadOptions) {
  const Outcome run = run_demo("--nodes 2", "2>&1 >/dev/null");
  EXPECT_EQ(run.exit_status, 2);
  EXPECT_NE(run.output.find("--nodes"), std::string::npos) << run.output;
}

TEST(DemoRun, RefusesABadLineByItsNumberBeforeAnythingIsWritten) {
  const Folder folder;
  std::ifstream sample(std::string(LOCKSTEP_SOURCE_DIR) + "/examples/data/sample-wal.jsonl");
  std::ofstream damaged(folder.path() / "input.jsonl");
  std::string line;
  for (int number = 1; std::getline(sample, line); ++number) {
    if (number == 7) line[line.find("timestamp") + 12] ^= 1;
    damaged << line << "\n";
  }
  damaged.close();
  const fs::path data = folder.path() / "data";
  const Outcome run = run_demo(
      "--input " + (folder.path() / "input.jsonl").string() + " --data-dir " + data.string(),
      "2>&1 >/dev/null");
  EXPECT_EQ(run.exit_status, 2);
  EXPECT_NE(run.output.find("input.jsonl:7:"), std::string::npos) << run.output;
  EXPECT_FALSE(fs::exists(data));
}

}  // namespace
