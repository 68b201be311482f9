#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <vector>

#include "benchmark/limits/must.hpp"

namespace lockstep::benchmark {

/// Writes the whole piece.
inline void write_at(int file, const std::uint8_t* piece, std::size_t bytes, std::size_t place) {
  const ssize_t written = ::pwrite(file, piece, bytes, static_cast<off_t>(place));
  must(written == static_cast<ssize_t>(bytes), "write");
}

/// A synced file of at least so many zeros, which goes with the process.
[[nodiscard]] inline int make_zero_filled_file(const std::string& path, std::size_t bytes) {
  const int file = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
  must(file >= 0 && ::unlink(path.c_str()) == 0, path);
  const std::vector<std::uint8_t> zeros(std::size_t{4} << 20);
  for (std::size_t at = 0; at < bytes; at += zeros.size()) {
    write_at(file, zeros.data(), zeros.size(), at);
  }
  must(::fdatasync(file) == 0, "fdatasync");
  return file;
}

}  // namespace lockstep::benchmark
