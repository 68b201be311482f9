#include "wal/scrubber.hpp"

#include <algorithm>

namespace lockstep {
namespace {

constexpr std::uint64_t kLargestPiece = 256 << 10;
constexpr std::uint64_t kSmallestPiece = 4 << 10;
constexpr std::chrono::hours kRest{1};

}  // namespace

bool Scrubber::has_work(const LogMap& map) const {
  if (bytes_per_second_ == 0) return false;
  const auto& extents = map.extents();
  return std::any_of(extents.begin(), extents.end(), [&](const LogMap::Extent& extent) {
    return extent.segment != map.segments().back().number;
  });
}

std::uint64_t Scrubber::piece_bytes() const {
  return std::clamp<std::uint64_t>(bytes_per_second_, kSmallestPiece, kLargestPiece);
}

std::optional<LogMap::Stretch> Scrubber::next(const LogMap& map) {
  for (const LogMap::Extent& extent : map.extents()) {
    if (extent.segment == map.segments().back().number || extent.range.last < next_) continue;
    const auto stretches = map.plan({std::max(next_, extent.range.first), extent.range.last}, 0);
    if (!stretches.empty()) return stretches.front();
  }
  next_ = Index{};
  pause_ = kRest;
  return std::nullopt;
}

void Scrubber::note(const LogMap::Stretch& piece, const ColdReader::VerifyResult& result) {
  const bool opened = !result.trouble.missing && !result.trouble.error;
  next_ = opened ? std::max(result.next, piece.range.first.next()) : piece.end.next();
  pause_ = time_for(std::max(result.bytes, kSmallestPiece));
}

std::chrono::nanoseconds Scrubber::time_for(std::uint64_t bytes) const {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  return std::chrono::nanoseconds(bytes * 1000 / bytes_per_second_ * (kSecond / 1000));
}

}  // namespace lockstep
