#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "runtime/posix_file.hpp"
#include "runtime/posix_file_system.hpp"

namespace lockstep {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PosixFiles : public ::testing::Test {
 protected:
  PosixFiles() : folder_(::testing::TempDir() + "lockstep-files-XXXXXX") {
    EXPECT_NE(::mkdtemp(folder_.data()), nullptr);
  }
  ~PosixFiles() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  static std::string read_all(IFile& file) {
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(*file.size()));
    EXPECT_EQ(*file.read(0, bytes), bytes.size());
    return {bytes.begin(), bytes.end()};
  }

  std::string folder_;
  PosixFileSystem files_;
};

TEST_F(PosixFiles, WritesPiecesAndReadsThemBack) {
  const auto file = *files_.create(path("a"));
  const std::vector<ByteSpan> pieces = {as_bytes("one"), {}, as_bytes("two")};
  ASSERT_TRUE(file->write(4, pieces));
  ASSERT_TRUE(file->sync());
  EXPECT_EQ(*file->size(), 10U);
  std::vector<std::uint8_t> bytes(20);
  EXPECT_EQ(*file->read(3, bytes), 7U) << "the file ends before";
  EXPECT_EQ(std::string(bytes.begin(), bytes.begin() + 7), std::string("\0onetwo", 7));
  EXPECT_EQ(*file->read(10, bytes), 0U);
  const auto again = *files_.open(path("a"));
  EXPECT_EQ(read_all(*again), std::string("\0\0\0\0onetwo", 10));
}

TEST_F(PosixFiles, WritesMorePiecesThanOneCallTakes) {
  const auto file = *files_.create(path("a"));
  std::string text;
  for (int i = 0; i < 5000; ++i) text += static_cast<char>('a' + i % 26);
  std::vector<ByteSpan> pieces;
  for (std::size_t i = 0; i < text.size(); ++i) pieces.push_back(as_bytes(text).subspan(i, 1));
  ASSERT_TRUE(file->write(0, pieces));
  EXPECT_EQ(read_all(*file), text);
}

TEST_F(PosixFiles, CreatingWhatIsThereAndOpeningWhatIsNotAreErrorsThatNameThePath) {
  ASSERT_TRUE(files_.create(path("a")));
  const auto twice = files_.create(path("a"));
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error(), Errc::kIo);
  EXPECT_THAT(twice.error().message, HasSubstr(path("a")));
  const auto missing = files_.open(path("b"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error(), Errc::kIo);
  EXPECT_THAT(missing.error().message, HasSubstr("No such file"));
  EXPECT_FALSE(files_.remove(path("b")));
  EXPECT_FALSE(files_.rename(path("b"), path("c")));
  EXPECT_FALSE(files_.list(path("nowhere")));
  EXPECT_FALSE(files_.sync_folder(path("nowhere")));
}

TEST_F(PosixFiles, ListsFilesSortedWithoutFolders) {
  ASSERT_TRUE(files_.create(path("b")));
  ASSERT_TRUE(files_.create(path("a")));
  ASSERT_TRUE(files_.create(path("B")));
  ASSERT_TRUE(files_.create_folder(path("folder")));
  EXPECT_THAT(*files_.list(folder_), ElementsAre("B", "a", "b"));
  ASSERT_TRUE(files_.rename(path("a"), path("b")));
  ASSERT_TRUE(files_.remove(path("B")));
  ASSERT_TRUE(files_.sync_folder(folder_));
  EXPECT_THAT(*files_.list(folder_), ElementsAre("b"));
  EXPECT_TRUE(*files_.exists(path("b")));
  EXPECT_FALSE(*files_.exists(path("a")));
}

TEST_F(PosixFiles, CreatesFoldersWithTheirParents) {
  EXPECT_TRUE(files_.create_folder(path("x/y//z/")));
  EXPECT_TRUE(files_.create_folder(path("x/y/z")));
  EXPECT_TRUE(std::filesystem::is_directory(path("x/y/z")));
  ASSERT_TRUE(files_.create(path("file")));
  EXPECT_FALSE(files_.create_folder(path("file")));
  EXPECT_FALSE(files_.create_folder(path("file/below")));
}

TEST_F(PosixFiles, ALockIsExclusiveUntilDropped) {
  auto lock = *files_.lock(path("lock"));
  const auto second = files_.lock(path("lock"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), Errc::kLocked);
  lock.reset();
  EXPECT_TRUE(files_.lock(path("lock")));
}

TEST_F(PosixFiles, ALockNamesTheProcessThatHoldsIt) {
  int held[2];
  int enough[2];
  ASSERT_EQ(::pipe(held), 0);
  ASSERT_EQ(::pipe(enough), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = files_.lock(path("lock"));
    char byte = lock ? 1 : 0;
    ::close(enough[1]);
    if (::write(held[1], &byte, 1) != 1) ::_exit(1);
    ::_exit(::read(enough[0], &byte, 1) == 0 ? 0 : 1);
  }
  char byte = 0;
  ASSERT_EQ(::read(held[0], &byte, 1), 1);
  ASSERT_EQ(byte, 1);
  const auto refused = files_.lock(path("lock"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Errc::kLocked);
  EXPECT_NE(refused.error().message.find("held by process " + std::to_string(child)),
            std::string::npos)
      << refused.error().message;
  for (const int end : {held[0], held[1], enough[0], enough[1]}) ::close(end);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(files_.lock(path("lock"))) << "it ended with the process";
}

TEST_F(PosixFiles, AFullDiskIsToldFromOtherFailures) {
  EXPECT_EQ(posix_error("write", "/x", ENOSPC), Errc::kNoSpace);
  EXPECT_EQ(posix_error("write", "/x", EDQUOT), Errc::kNoSpace);
  EXPECT_EQ(posix_error("write", "/x", EIO), Errc::kIo);
  // A device that is always full.
  if (std::filesystem::exists("/dev/full")) {
    const auto file = make_posix_file(open_descriptor("/dev/full", 2), "/dev/full");
    const ByteSpan piece = as_bytes("x");
    const auto written = file->write(0, {&piece, 1});
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error(), Errc::kNoSpace);
  }
}

}  // namespace
}  // namespace lockstep
