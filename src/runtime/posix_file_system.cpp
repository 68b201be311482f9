#include "runtime/posix_file_system.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <utility>

#include "runtime/posix_file.hpp"

namespace lockstep {
namespace {

std::string parent_of(const std::string& path) {
  const std::size_t end = path.find_last_not_of('/');
  if (end == std::string::npos) return path.empty() ? "." : "/";
  const std::size_t slash = path.rfind('/', end);
  if (slash == std::string::npos) return ".";
  const std::size_t last = path.find_last_not_of('/', slash);
  return last == std::string::npos ? "/" : path.substr(0, last + 1);
}

/// Written into the lock file, for whoever finds it held.
void leave_name(int descriptor) {
  const std::string name = std::to_string(::getpid()) + "\n";
  if (::ftruncate(descriptor, 0) != 0) return;
  static_cast<void>(::pwrite(descriptor, name.data(), name.size(), 0) != 0);
}

std::string holder(int descriptor) {
  char name[21] = {};
  const ssize_t bytes = ::pread(descriptor, name, sizeof(name) - 1, 0);
  const std::string_view pid(name, bytes > 0 ? static_cast<std::size_t>(bytes - 1) : 0);
  const bool is_number = !pid.empty() && pid.find_first_not_of("0123456789") == pid.npos;
  if (!is_number) return "another process";
  return pid == std::to_string(::getpid()) ? "another user of it in this process"
                                           : "process " + std::string(pid);
}

bool is_folder(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

class PosixLock final : public IFileSystem::Lock {
 public:
  explicit PosixLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  Descriptor descriptor_;  // closing it ends the lock
};

}  // namespace

Result<> PosixFileSystem::create_folder(const std::string& path) {
  if (is_folder(path)) return {};
  const std::string parent = parent_of(path);
  if (parent != path) {
    if (Result<> made = create_folder(parent); !made) return made;
  }
  if (::mkdir(path.c_str(), 0755) != 0 && !(errno == EEXIST && is_folder(path))) {
    return posix_error("mkdir", path, errno);
  }
  return sync_folder(parent);
}

Result<std::vector<std::string>> PosixFileSystem::list(const std::string& folder) {
  DIR* directory = ::opendir(folder.c_str());
  if (directory == nullptr) return posix_error("list", folder, errno);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* item = ::readdir(directory)) {
    const std::string name = item->d_name;
    if (name != "." && name != ".." && !is_folder(folder + "/" + name)) names.push_back(name);
    errno = 0;
  }
  const int failure = errno;
  ::closedir(directory);
  if (failure != 0) return posix_error("list", folder, failure);
  std::sort(names.begin(), names.end());
  return names;
}

Result<bool> PosixFileSystem::exists(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  // In place: an Error converts to bool as well.
  return {boost::system::in_place_error, posix_error("stat", path, errno)};
}

Result<std::unique_ptr<IFile>> PosixFileSystem::create(const std::string& path) {
  Descriptor descriptor = open_descriptor(path, O_RDWR | O_CREAT | O_EXCL);
  if (!descriptor.valid()) return posix_error("create", path, errno);
  return make_posix_file(std::move(descriptor), path);
}

Result<std::unique_ptr<IFile>> PosixFileSystem::open(const std::string& path) {
  Descriptor descriptor = open_descriptor(path, O_RDWR);
  if (!descriptor.valid()) return posix_error("open", path, errno);
  return make_posix_file(std::move(descriptor), path);
}

Result<std::unique_ptr<IFile>> PosixFileSystem::open_to_read(const std::string& path) {
  Descriptor descriptor = open_descriptor(path, O_RDONLY);
  if (!descriptor.valid()) return posix_error("open", path, errno);
  return make_posix_file(std::move(descriptor), path);
}

Result<> PosixFileSystem::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  return posix_error("rename", from, errno);
}

Result<> PosixFileSystem::remove(const std::string& path) {
  if (::unlink(path.c_str()) == 0) return {};
  return posix_error("remove", path, errno);
}

Result<> PosixFileSystem::sync_folder(const std::string& folder) {
  const Descriptor descriptor = open_descriptor(folder, O_RDONLY | O_DIRECTORY);
  if (!descriptor.valid()) return posix_error("open", folder, errno);
  if (::fsync(descriptor.get()) == 0) return {};
  return Error(Errc::kSyncFailed, posix_error("fsync", folder, errno).message);
}

Result<std::uint64_t> PosixFileSystem::free_bytes(const std::string& path) {
  struct statvfs status {};
  if (::statvfs(path.c_str(), &status) != 0) return posix_error("statvfs", path, errno);
  return std::uint64_t{status.f_bavail} * status.f_frsize;
}

Result<std::unique_ptr<IFileSystem::Lock>> PosixFileSystem::lock(const std::string& path) {
  Descriptor descriptor = open_descriptor(path, O_RDWR | O_CREAT);
  if (!descriptor.valid()) return posix_error("open", path, errno);
  // flock, not fcntl: it belongs to this opening of the file, so it also keeps out a second log in
  // the same process.
  while (::flock(descriptor.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno == EWOULDBLOCK) {
      return Error(Errc::kLocked, path + " is held by " + holder(descriptor.get()) +
                                      "; this is process " + std::to_string(::getpid()));
    }
    return posix_error("lock", path, errno);
  }
  leave_name(descriptor.get());
  return std::unique_ptr<Lock>(std::make_unique<PosixLock>(std::move(descriptor)));
}

}  // namespace lockstep
