// A log on a file system of a few MiB that fills up and is freed: a tmpfs of its own where mounting
// is allowed, else a simulated disk with as little room.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iostream>

#include "crash/workload.hpp"
#include "lockstep/testing/simulated_disk.hpp"
#include "runtime/posix_file_system.hpp"

namespace lockstep::testing {
namespace {

constexpr std::uint64_t kDiskBytes = 4 << 20;
constexpr int kMayNotMount = 77;

/// Takes room, up to `bytes` or to the last byte.
void take_room(IFileSystem& files, const std::string& path, std::uint64_t bytes) {
  const auto file = files.create(path);
  ASSERT_TRUE(file) << file.error().message;
  for (std::size_t piece : {std::size_t{4096}, std::size_t{1}}) {
    const std::vector<std::uint8_t> content(piece, 0x55);
    const ByteSpan span = content;
    std::uint64_t size = *(*file)->size();
    for (; size + piece <= bytes; size += piece) {
      const Result<> written = (*file)->write(size, {&span, 1});
      if (written) continue;
      ASSERT_EQ(written.error(), Errc::kNoSpace) << written.error().message;
      break;
    }
    if (size + piece > bytes) break;
  }
}

class SmallDisk {
 public:
  SmallDisk(IFileSystem& files, const std::string& folder)
      : files_(files), folder_(folder), runtime_(files) {}

  void fill_and_free() {
    take_room(files_, folder_ + "/other", 1 << 20);
    open();
    const std::uint64_t last = append_until_full(1);
    EXPECT_GT(last, 200u) << "full much too early";
    expect_entries(1, last);

    // A vote must not wait for room, and passes even when not a byte is left.
    take_room(files_, folder_ + "/more", kDiskBytes);
    vote(Term(7));
    EXPECT_EQ(caller_->write(append(last + 1)), Errc::kNoSpace);
    const std::uint64_t released = last / 2;
    EXPECT_FALSE(caller_->release(make_boundary(released, 1)));
    expect_entries(released + 1, last);
    EXPECT_EQ(caller_->read(released, released).error(), Errc::kReleased);

    // With room it goes on by itself.
    ASSERT_TRUE(files_.remove(folder_ + "/other"));
    ASSERT_TRUE(files_.remove(folder_ + "/more"));
    for (std::uint64_t index = last + 1; index <= last + 50; ++index) {
      ASSERT_FALSE(caller_->write(append(index))) << "without being opened anew";
    }

    // Full again to the last byte: it closes in order, and once there is room it opens as it was.
    take_room(files_, folder_ + "/other", kDiskBytes);
    EXPECT_EQ(caller_->write(append(last + 51)), Errc::kNoSpace);
    vote(Term(8));
    close();
    ASSERT_TRUE(files_.remove(folder_ + "/other"));
    const WALState state = open();
    EXPECT_EQ(state.bounds, (IndexRange{Index(released + 1), Index(last + 50)}));
    EXPECT_EQ(state.hard_state, (HardState{Term(8), kNode}));
    EXPECT_TRUE(state.damaged.empty());
    expect_entries(released + 1, last + 50);
    close();
  }

 private:
  static constexpr std::size_t kPayloadBytes = 4000;

  static WALWrite append(std::uint64_t index) {
    return testing::append(index, index, 1, kPayloadBytes);
  }
  WALState open() {
    FileWALOptions options = workload_options(folder_ + "/log");
    options.low_space_bytes = 256 << 10;
    options.ballast_bytes = 128 << 10;
    wal_ = *FileWALManager::create(options, runtime_, runtime_.executor);
    caller_.emplace(*wal_, *runtime_.executor);
    const auto state = caller_->open();
    EXPECT_TRUE(state) << state.error().message;
    return state ? *state : WALState{};
  }
  void close() {
    EXPECT_FALSE(caller_->close());
    caller_.reset();
    wal_.reset();
  }
  void vote(Term term) {
    WALWrite write;
    write.hard_state = HardState{term, kNode};
    EXPECT_FALSE(caller_->write(std::move(write)));
  }
  /// The last index that was acknowledged.
  std::uint64_t append_until_full(std::uint64_t next) {
    constexpr std::uint64_t kMost = 2 * kDiskBytes / kPayloadBytes;
    for (; next < kMost; ++next) {
      const Error error = caller_->write(append(next));
      if (!error) continue;
      EXPECT_EQ(error, Errc::kNoSpace) << error.message;
      return next - 1;
    }
    ADD_FAILURE() << "more was acknowledged than there is room for";
    return next - 1;
  }
  void expect_entries(std::uint64_t first, std::uint64_t last) {
    const std::vector<Entry> entries = caller_->entries(first, last);
    ASSERT_EQ(entries.size(), last - first + 1);
    for (const Entry& entry : entries) {
      ASSERT_TRUE(same(entry, make_entry(entry.header.index.value(), 1, kPayloadBytes)));
    }
  }

  IFileSystem& files_;
  const std::string folder_;
  ManualRuntime runtime_;
  std::unique_ptr<FileWALManager> wal_;
  std::optional<Caller> caller_;
};

void write_line(const char* path, const std::string& line) {
  const int file = ::open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  static_cast<void>(::write(file, line.data(), line.size()) < 0);
  ::close(file);
}

/// A tmpfs on `folder` that only this process sees, and that is gone with it.
bool mount_small_disk(const std::string& folder) {
  const std::string user = std::to_string(::getuid());
  if (::unshare(CLONE_NEWNS) != 0) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    write_line("/proc/self/setgroups", "deny");
    write_line("/proc/self/uid_map", "0 " + user + " 1");
  }
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  const std::string size = "size=" + std::to_string(kDiskBytes);
  return ::mount("none", folder.c_str(), "tmpfs", 0, size.c_str()) == 0;
}

TEST(SmallDisk, FillsUpIsFreedAndGoesOn) {
  std::string folder = ::testing::TempDir() + "lockstep-small-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::cout.flush();
  std::fflush(nullptr);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (!mount_small_disk(folder)) ::_exit(kMayNotMount);
    PosixFileSystem files;
    SmallDisk(files, folder).fill_and_free();
    std::fflush(nullptr);
    ::_exit(HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) != kMayNotMount) {
    std::cout << "on a tmpfs of " << kDiskBytes << " bytes\n";
    EXPECT_EQ(WEXITSTATUS(status), 0) << "see above";
    return;
  }
  std::cout << "mounting is not allowed here: only a simulated disk was filled\n";
}

TEST(SmallDisk, FillsUpIsFreedAndGoesOnSimulated) {
  SimulatedDisk disk;
  ASSERT_TRUE(disk.create_folder("/disk"));
  disk.set_capacity(kDiskBytes);
  SmallDisk(disk, "/disk").fill_and_free();
}

}  // namespace
}  // namespace lockstep::testing
