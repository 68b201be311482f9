#include "runtime/posix_file.hpp"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

namespace lockstep {

Descriptor::~Descriptor() {
  if (valid()) ::close(value_);
}

Descriptor open_descriptor(const std::string& path, int flags) {
  for (;;) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
    if (fd >= 0 || errno != EINTR) return Descriptor(fd);
  }
}

Error posix_error(const char* call, const std::string& path, int error_number) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  return {full ? Errc::kNoSpace : Errc::kIo,
          std::string(call) + " " + path + ": " + std::generic_category().message(error_number)};
}

namespace {

class PosixFile final : public IFile {
 public:
  PosixFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  Result<> write(std::uint64_t offset, std::span<const ByteSpan> pieces) override {
    vectors_.clear();
    for (const ByteSpan piece : pieces) {
      if (!piece.empty()) {
        vectors_.push_back({const_cast<std::uint8_t*>(piece.data()), piece.size()});
      }
    }
    std::span<iovec> left(vectors_);
    while (!left.empty()) {
      const auto count = std::min<std::size_t>(left.size(), IOV_MAX);
      const ssize_t written = ::pwritev(descriptor_.get(), left.data(), static_cast<int>(count),
                                        static_cast<off_t>(offset));
      if (written < 0) {
        if (errno == EINTR) continue;
        return posix_error("write", path_, errno);
      }
      if (written == 0) return posix_error("write", path_, EIO);
      offset += static_cast<std::uint64_t>(written);
      left = after(left, static_cast<std::size_t>(written));
    }
    return {};
  }

  Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into) override {
    std::size_t done = 0;
    while (done < into.size()) {
      const ssize_t got = ::pread(descriptor_.get(), into.data() + done, into.size() - done,
                                  static_cast<off_t>(offset + done));
      if (got < 0) {
        if (errno == EINTR) continue;
        return Error(Errc::kIo, posix_error("read", path_, errno).message);
      }
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  Result<> sync() override {
    // Not even after EINTR is it tried again: Linux reports a failed write-back once, and the next
    // call would answer "all is well" for pages that are lost.
    if (::fdatasync(descriptor_.get()) == 0) return {};
    return Error(Errc::kSyncFailed, posix_error("fdatasync", path_, errno).message);
  }

  Result<std::uint64_t> size() override {
    struct stat status {};
    if (::fstat(descriptor_.get(), &status) != 0) return posix_error("stat", path_, errno);
    return static_cast<std::uint64_t>(status.st_size);
  }

 private:
  /// What is left of the pieces once `written` bytes are gone.
  static std::span<iovec> after(std::span<iovec> pieces, std::size_t written) {
    while (!pieces.empty() && written >= pieces.front().iov_len) {
      written -= pieces.front().iov_len;
      pieces = pieces.subspan(1);
    }
    if (written > 0) {
      iovec& cut = pieces.front();
      cut.iov_base = static_cast<std::uint8_t*>(cut.iov_base) + written;
      cut.iov_len -= written;
    }
    return pieces;
  }

  Descriptor descriptor_;
  std::string path_;
  std::vector<iovec> vectors_;  // kept between calls for its memory
};

}  // namespace

std::unique_ptr<IFile> make_posix_file(Descriptor descriptor, std::string path) {
  return std::make_unique<PosixFile>(std::move(descriptor), std::move(path));
}

}  // namespace lockstep
