#include "durable_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <system_error>

namespace lockstep_demo {
namespace {

using namespace lockstep;  // NOLINT: an example of its use

Error failed(const char* what, const std::filesystem::path& file) {
  return Error(Errc::kIo, std::string("cannot ") + what + " " + file.string() + ": " +
                              std::generic_category().message(errno));
}

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool sync_folder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool synced = ::fsync(descriptor) == 0;
  ::close(descriptor);
  return synced;
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return std::string();
  std::ifstream in(file, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (!in) return failed("read", file);
  return bytes;
}

Result<> replace_file(const std::filesystem::path& file, std::string_view bytes) {
  const std::filesystem::path beside = file.string() + ".new";
  const int descriptor = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) return failed("make", beside);
  const bool written = write_all(descriptor, bytes) && ::fsync(descriptor) == 0;
  if (!written) {
    Error error = failed("write", beside);
    ::close(descriptor);
    return error;
  }
  ::close(descriptor);
  if (std::rename(beside.c_str(), file.c_str()) != 0) return failed("rename", beside);
  if (!sync_folder(file.parent_path())) return failed("sync the folder of", file);
  return {};
}

}  // namespace lockstep_demo
