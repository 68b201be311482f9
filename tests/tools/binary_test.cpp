// The program as it is installed, on real files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "runtime/posix_file_system.hpp"
#include "tools/child.hpp"
#include "tools/sample_log.hpp"

namespace lockstep::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

/// The sample log in a real folder.
class Binary : public ::testing::Test {
 protected:
  Binary() { place_log("log", kNode); }

  void place_log(const std::string& name, const NodeId& node) {
    SimulatedDisk disk;
    SampleLog::write(disk, node);
    std::filesystem::create_directory(folder.path() + "/" + name);
    for (const std::string& path : disk.paths()) {
      const std::vector<std::uint8_t> bytes = disk.contents(path);
      const std::string file = std::filesystem::path(path).filename();
      static_cast<void>(folder.write(name + "/" + file, {bytes.begin(), bytes.end()}));
    }
  }
  void damage(std::uint64_t index) {
    const BatchPlace place = find_batch(files, log, index);
    std::fstream file(place.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(place.offset + 9));
    file.put('x');
  }
  static ChildOutcome run(const std::vector<std::string>& words) {
    return run_program(LOCKSTEP_WAL, words);
  }

  TemporaryFolder folder;
  PosixFileSystem files;
  const std::string log = folder.path() + "/log";
};

TEST_F(Binary, AnswersToTheShellByItsExitStatus) {
  EXPECT_EQ(run({"--help"}).status, 0);
  EXPECT_EQ(run({"inspect", log}).status, 0);
  EXPECT_EQ(run({"dump", log}).status, 0);
  EXPECT_EQ(run({"verify", log}).status, 0);
  const ChildOutcome usage = run({"dump", log, "--from"});
  EXPECT_EQ(usage.status, 2);
  EXPECT_THAT(usage.err, HasSubstr("lockstep-wal: --from wants a value"));
  const ChildOutcome nowhere = run({"verify", folder.path() + "/nowhere"});
  EXPECT_EQ(nowhere.status, 3);
  EXPECT_THAT(nowhere.err, HasSubstr("nowhere"));
  damage(200);
  EXPECT_EQ(run({"verify", log}).status, 1);
  EXPECT_EQ(run({"dump", log}).status, 1);
  EXPECT_EQ(run({"repair", log, "--cut-tail"}).status, 1);
}

TEST_F(Binary, RepairsFromAPeersDump) {
  place_log("peer", NodeId("node-2"));
  damage(120);
  damage(396);
  const std::string dump = folder.path() + "/dump";
  EXPECT_EQ(run({"dump", folder.path() + "/peer", "--json", "--output", dump}).status, 0);
  const ChildOutcome repaired = run({"repair", log, "--from-peer-dump", dump});
  EXPECT_EQ(repaired.status, 0) << repaired.err;
  EXPECT_THAT(repaired.out, EndsWith("whole\n"));
  const ChildOutcome verified = run({"verify", log});
  EXPECT_EQ(verified.status, 0) << verified.out;
  const std::string mended = run({"dump", log, "--json"}).out;
  const std::string others = run({"dump", folder.path() + "/peer", "--json"}).out;
  EXPECT_TRUE(mended.substr(mended.find("\n")) == others.substr(others.find("\n")));
}

TEST_F(Binary, CutsOnlyWhenTold) {
  damage(280);
  EXPECT_EQ(run({"repair", log, "--cut-tail"}).status, 1);
  EXPECT_EQ(run({"verify", log}).status, 1);
  EXPECT_EQ(run({"repair", log, "--cut-tail", "--yes"}).status, 0);
  EXPECT_EQ(run({"verify", log}).status, 0);
}

}  // namespace
}  // namespace lockstep::testing
