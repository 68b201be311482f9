#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "benchmark/wal_appended.hpp"

namespace lockstep::benchmark {

/// What the machine can do: one thread that writes a record and calls fdatasync, in a loop.
class RawFile {
 public:
  enum class Kind {
    kGrowing,     ///< each record makes the file longer
    kZeroFilled,  ///< each record takes the place of zeros that were written and synced before
  };

  /// Throws std::runtime_error, as all of it does.
  RawFile(const std::string& path, Kind kind, std::size_t record_bytes);
  ~RawFile();
  RawFile(const RawFile&) = delete;
  RawFile& operator=(const RawFile&) = delete;

  [[nodiscard]] Appended append_and_sync(std::size_t count);
  void append(std::size_t count);

 private:
  void write_record();
  void fill_with_zeros();
  void sync();

  const Kind kind_;
  int descriptor_ = -1;
  std::uint64_t end_ = 0;
  std::uint64_t filled_ = 0;
  std::vector<std::uint8_t> record_;
};

}  // namespace lockstep::benchmark
