#include "wal/wal_folder.hpp"

#include <optional>
#include <string_view>

namespace lockstep {
namespace {

constexpr std::string_view kPrefix = "segment-";
constexpr std::string_view kNamed = ".wal";
constexpr std::string_view kUnnamed = ".new";
constexpr std::size_t kDigits = 16;
constexpr std::string_view kHexDigits = "0123456789abcdef";

/// Of fixed width, so that names sort as numbers do.
std::string file_name(std::uint64_t number, std::string_view suffix) {
  std::string name(kPrefix);
  for (std::size_t i = 0; i < kDigits; ++i) {
    name += kHexDigits[(number >> (4 * (kDigits - 1 - i))) & 15];
  }
  return name.append(suffix);
}

std::optional<std::uint64_t> number_in(std::string_view name, std::string_view suffix) {
  if (name.size() != kPrefix.size() + kDigits + suffix.size()) return std::nullopt;
  if (!name.starts_with(kPrefix) || !name.ends_with(suffix)) return std::nullopt;
  std::uint64_t number = 0;
  for (const char digit : name.substr(kPrefix.size(), kDigits)) {
    const std::size_t value = kHexDigits.find(digit);
    if (value == std::string_view::npos) return std::nullopt;
    number = number << 4 | value;
  }
  return number;
}

}  // namespace

Result<> WALFolder::lock() {
  if (Result<> made = file_system_.create_folder(path_); !made) return made;
  Result<std::unique_ptr<IFileSystem::Lock>> lock = file_system_.lock(path_ + "/lock");
  if (!lock) return lock.error();
  lock_ = std::move(*lock);
  return {};
}

Result<WALFolder::Segments> WALFolder::find_segments() const {
  const Result<std::vector<std::string>> names = file_system_.list(path_);
  if (!names) return names.error();
  Segments segments;
  for (const std::string& name : *names) {
    if (const auto named = number_in(name, kNamed)) segments.named.push_back(*named);
    if (const auto unnamed = number_in(name, kUnnamed)) segments.unnamed.push_back(*unnamed);
  }
  return segments;
}

Result<> WALFolder::remove_unnamed_segments(const Segments& segments) {
  for (const std::uint64_t number : segments.unnamed) {
    if (Result<> removed = file_system_.remove(temporary_path(number)); !removed) return removed;
  }
  return {};
}

Result<std::unique_ptr<IFile>> WALFolder::open_segment(std::uint64_t number) const {
  return file_system_.open_to_read(segment_path(number));
}

Result<bool> WALFolder::has_segment(std::uint64_t number) const {
  return file_system_.exists(segment_path(number));
}

Result<std::unique_ptr<IFile>> WALFolder::create_segment(std::uint64_t number) {
  return file_system_.create(temporary_path(number));
}

Result<> WALFolder::name_segment(std::uint64_t number) {
  if (Result<> renamed = file_system_.rename(temporary_path(number), segment_path(number));
      !renamed) {
    return renamed;
  }
  return file_system_.sync_folder(path_);
}

void WALFolder::discard_unnamed_segment(std::uint64_t number) {
  // If it stays, it goes at the next opening.
  static_cast<void>(file_system_.remove(temporary_path(number)));
}

Result<> WALFolder::remove_segment(std::uint64_t number) {
  return file_system_.remove(segment_path(number));
}

std::string WALFolder::segment_path(std::uint64_t number) const {
  return path_ + "/" + file_name(number, kNamed);
}

std::string WALFolder::temporary_path(std::uint64_t number) const {
  return path_ + "/" + file_name(number, kUnnamed);
}

}  // namespace lockstep
