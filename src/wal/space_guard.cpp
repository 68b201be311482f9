#include "wal/space_guard.hpp"

#include <vector>

namespace lockstep {
namespace {

/// No zeros, and nothing that repeats: a file system that packs would keep no room for it.
std::vector<std::uint8_t> ballast(std::size_t bytes) {
  std::uint64_t number = 1;
  std::vector<std::uint8_t> content(bytes);
  for (std::uint8_t& byte : content) {
    number = number * 6364136223846793005 + 1442695040888963407;  // Knuth's MMIX
    byte = static_cast<std::uint8_t>((number >> 56) | 1);
  }
  return content;
}

}  // namespace

Error SpaceGuard::admit_entries() {
  if (low_bytes_ == 0) return {};
  ask();
  low_ = free_ < (low_ ? resume_bytes() : low_bytes_);
  if (!low_) return {};
  return {Errc::kNoSpace, folder_ + ": " + std::to_string(free_) +
                              " bytes are free on the disk, less than the low-water mark of " +
                              std::to_string(low_bytes_) + "; entries are taken again from " +
                              std::to_string(resume_bytes()) + " on"};
}

void SpaceGuard::find_ballast() {
  const Result<bool> there = file_system_.exists(ballast_path());
  if (!there || !*there) return;
  has_ballast_ = true;
  const Result<std::unique_ptr<IFile>> file = file_system_.open_to_read(ballast_path());
  if (!file) return;
  const Result<std::uint64_t> size = (*file)->size();
  // A crash may have left a part of it, or it is wanted no more.
  if (size && (*size < ballast_bytes_ || ballast_bytes_ == 0)) static_cast<void>(give_up_ballast());
}

void SpaceGuard::keep_ballast() {
  if (ballast_bytes_ == 0 || has_ballast_) return;
  ask();
  if (low_ || free_ < resume_bytes() + ballast_bytes_) return;
  const Result<std::unique_ptr<IFile>> file = file_system_.create(ballast_path());
  if (!file) return;
  has_ballast_ = true;
  const std::vector<std::uint8_t> content = ballast(ballast_bytes_);
  const ByteSpan piece(content);
  if (!(*file)->write(0, {&piece, 1})) static_cast<void>(give_up_ballast());
}

bool SpaceGuard::give_up_ballast() {
  if (!has_ballast_ || !file_system_.remove(ballast_path())) return false;
  has_ballast_ = false;
  return true;
}

void SpaceGuard::ask() {
  // A file system that does not tell: the writes will find out.
  const Result<std::uint64_t> free = file_system_.free_bytes(folder_);
  free_ = free ? *free : ~std::uint64_t{0};
}

}  // namespace lockstep
