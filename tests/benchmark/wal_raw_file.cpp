#include "benchmark/wal_raw_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>

namespace lockstep::benchmark {
namespace {

constexpr std::size_t kZerosBytes = std::size_t{4} << 20;

void check(bool ok, const std::string& call) {
  if (!ok) throw std::runtime_error(call + ": " + std::strerror(errno));
}

void write_all(int descriptor, const std::vector<std::uint8_t>& bytes, std::uint64_t offset) {
  const ssize_t written =
      ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
  check(written == static_cast<ssize_t>(bytes.size()), "write");
}

}  // namespace

RawFile::RawFile(const std::string& path, Kind kind, std::size_t record_bytes)
    : kind_(kind),
      descriptor_(::open(path.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0644)),
      record_(record_bytes, 0x5a) {
  check(descriptor_ >= 0, "open " + path);
}

RawFile::~RawFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Appended RawFile::append_and_sync(std::size_t count) {
  if (kind_ == Kind::kZeroFilled) {
    while (filled_ < end_ + count * record_.size()) fill_with_zeros();
    sync();
  }
  using Clock = std::chrono::steady_clock;
  const auto seconds_since = [](Clock::time_point from) {
    return std::chrono::duration<double>(Clock::now() - from).count();
  };
  Appended result;
  result.latencies.reserve(count);
  const auto started = Clock::now();
  for (std::size_t i = 0; i < count; ++i) {
    const auto called = Clock::now();
    write_record();
    sync();
    result.latencies.push_back(seconds_since(called));
  }
  result.seconds = seconds_since(started);
  return result;
}

void RawFile::append(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) write_record();
}

void RawFile::write_record() {
  write_all(descriptor_, record_, end_);
  end_ += record_.size();
}

void RawFile::fill_with_zeros() {
  static const std::vector<std::uint8_t> zeros(kZerosBytes);
  write_all(descriptor_, zeros, filled_);
  filled_ += zeros.size();
}

void RawFile::sync() { check(::fdatasync(descriptor_) == 0, "fdatasync"); }

}  // namespace lockstep::benchmark
