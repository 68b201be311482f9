#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "benchmark/limits/must.hpp"

namespace lockstep::benchmark {

/// Memory mapped twice in a row, so that any stretch that wraps around still lies in one piece. It
/// stays until the process ends.
class Ring {
 public:
  explicit Ring(std::size_t at_least) : bytes_((at_least + kUnit - 1) / kUnit * kUnit) {
    const int file = ::memfd_create("ring", MFD_CLOEXEC);
    must(file >= 0 && ::ftruncate(file, static_cast<off_t>(bytes_)) == 0, "ring");
    void* place = ::mmap(nullptr, 2 * bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must(place != MAP_FAILED, "ring");
    base_ = static_cast<std::uint8_t*>(place);
    for (std::uint8_t* half : {base_, base_ + bytes_}) {
      constexpr int kFlags = MAP_SHARED | MAP_FIXED | MAP_POPULATE;
      must(::mmap(half, bytes_, PROT_READ | PROT_WRITE, kFlags, file, 0) != MAP_FAILED, "ring");
    }
    ::close(file);
  }
  /// Of a stream's position; `bytes()` from there on lie side by side.
  [[nodiscard]] std::uint8_t* at(std::uint64_t position) const { return base_ + position % bytes_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  static constexpr std::size_t kUnit = 65536;
  const std::size_t bytes_;
  std::uint8_t* base_ = nullptr;
};

}  // namespace lockstep::benchmark
