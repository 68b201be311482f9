#pragma once

#include <cstdint>
#include <string>

#include "lockstep/file_system.hpp"

namespace lockstep {

/// Keeps a log from filling its disk to the last byte: below a low-water mark entries are refused,
/// and a ballast is kept to be given up when what must not be refused finds no room.
class SpaceGuard {
 public:
  /// `file_system` must outlive the guard. Of both numbers 0 means: without.
  SpaceGuard(IFileSystem& file_system, std::string folder, std::uint64_t low_bytes,
             std::size_t ballast_bytes)
      : file_system_(file_system),
        folder_(std::move(folder)),
        low_bytes_(low_bytes),
        ballast_bytes_(ballast_bytes) {}

  /// kNoSpace: there is no room for entries now.
  [[nodiscard]] Error admit_entries();
  /// A write found the disk full, whatever the file system says of it.
  void note_full() { low_ = low_bytes_ > 0; }
  /// So many bytes more would still leave the mark.
  [[nodiscard]] bool may_fill(std::uint64_t bytes) const {
    return !low_ && free_ >= low_bytes_ + bytes;
  }

  /// Looks whether there is a ballast of earlier.
  void find_ballast();
  /// Makes it unless it is there, or there is too little room.
  void keep_ballast();
  /// True: it was there, and its room is free.
  [[nodiscard]] bool give_up_ballast();

 private:
  /// With a quarter more than the mark, so that it does not come and go with every write.
  [[nodiscard]] std::uint64_t resume_bytes() const { return low_bytes_ + low_bytes_ / 4; }
  [[nodiscard]] std::string ballast_path() const { return folder_ + "/ballast"; }
  void ask();

  IFileSystem& file_system_;
  const std::string folder_;
  const std::uint64_t low_bytes_;
  const std::size_t ballast_bytes_;
  std::uint64_t free_ = ~std::uint64_t{0};  // when it was last asked
  bool low_ = false;
  bool has_ballast_ = false;
};

}  // namespace lockstep
