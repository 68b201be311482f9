#pragma once

#include <memory>
#include <string>

#include "lockstep/file_system.hpp"

namespace lockstep {

/// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;

  [[nodiscard]] int get() const { return value_; }
  [[nodiscard]] bool valid() const { return value_ >= 0; }

 private:
  int value_ = -1;
};

/// `open(2)` with O_CLOEXEC, again after a signal. Invalid on failure, with the reason in `errno`.
[[nodiscard]] Descriptor open_descriptor(const std::string& path, int flags);

/// kNoSpace for a full disk or an exhausted quota, else kIo; names the call, the path and the
/// reason.
[[nodiscard]] Error posix_error(const char* call, const std::string& path, int error_number);

[[nodiscard]] std::unique_ptr<IFile> make_posix_file(Descriptor descriptor, std::string path);

}  // namespace lockstep
