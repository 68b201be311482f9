#include "runtime/cached_bytes.hpp"

#include <algorithm>
#include <utility>

namespace lockstep::testing {
namespace {

constexpr std::uint64_t kSectorBytes = 512;
constexpr std::uint64_t kPageBytes = 4096;

}  // namespace

void CachedBytes::write(std::uint64_t offset, std::vector<std::uint8_t> bytes) {
  put(cached_, offset, bytes);
  const std::uint64_t end = offset + bytes.size();
  std::erase_if(unreadable_,
                [&](const Range& range) { return range.begin < end && offset < range.end; });
  unsynced_.push_back({offset, std::move(bytes)});
}

void CachedBytes::sync() {
  for (const Write& write : unsynced_) {
    const std::uint64_t begin = write.offset / kPageBytes * kPageBytes;
    const std::uint64_t end = std::min<std::uint64_t>(
        cached_.size(),
        (write.offset + write.bytes.size() + kPageBytes - 1) / kPageBytes * kPageBytes);
    put(stored_, begin, ByteSpan(cached_).subspan(begin, end - begin));
  }
  stored_.resize(cached_.size());
  unsynced_.clear();
}

void CachedBytes::fail_sync(SplitMix64& numbers) {
  for (const Write& write : unsynced_) store_sectors(write, numbers);
  unsynced_.clear();
}

void CachedBytes::crash(Tearing tearing, SplitMix64& numbers) {
  switch (tearing) {
    case Tearing::kNothing:
      break;
    case Tearing::kAll:
      store_prefix(unsynced_bytes());
      break;
    case Tearing::kSectors:
      for (const Write& write : unsynced_) store_sectors(write, numbers);
      break;
    case Tearing::kBytes:
      for (const Write& write : unsynced_) store_bytes(write, numbers);
      break;
    case Tearing::kPrefix:
      store_prefix(numbers.below(unsynced_bytes() + 1));
      break;
  }
  cached_ = stored_;
  unsynced_.clear();
}

void CachedBytes::flip_bit(std::uint64_t byte, unsigned bit) {
  const auto mask = static_cast<std::uint8_t>(1U << bit);
  if (byte < cached_.size()) cached_[byte] ^= mask;
  if (byte < stored_.size()) stored_[byte] ^= mask;
}

void CachedBytes::fail_reads(std::uint64_t offset, std::uint64_t bytes) {
  unreadable_.push_back({offset, offset + bytes});
}

bool CachedBytes::read_fails(std::uint64_t offset, std::uint64_t bytes) const {
  const std::uint64_t end = std::min<std::uint64_t>(offset + bytes, cached_.size());
  return std::any_of(unreadable_.begin(), unreadable_.end(),
                     [&](const Range& range) { return range.begin < end && offset < range.end; });
}

void CachedBytes::put(std::vector<std::uint8_t>& into, std::uint64_t offset, ByteSpan bytes) {
  if (bytes.empty()) return;
  if (into.size() < offset) into.resize(offset);
  const std::size_t over = std::min<std::size_t>(bytes.size(), into.size() - offset);
  std::copy_n(bytes.begin(), over, into.begin() + static_cast<std::ptrdiff_t>(offset));
  const ByteSpan behind = bytes.subspan(over);
  into.insert(into.end(), behind.begin(), behind.end());
}

void CachedBytes::store_sectors(const Write& write, SplitMix64& numbers) {
  for (std::uint64_t at = 0; at < write.bytes.size();) {
    const std::uint64_t length = std::min<std::uint64_t>(
        write.bytes.size() - at, kSectorBytes - (write.offset + at) % kSectorBytes);
    if (numbers.below(2) == 0) {
      put(stored_, write.offset + at, ByteSpan(write.bytes).subspan(at, length));
    }
    at += length;
  }
}

void CachedBytes::store_bytes(const Write& write, SplitMix64& numbers) {
  std::uint64_t chances = 0;
  for (std::uint64_t at = 0; at < write.bytes.size(); ++at, chances >>= 1) {
    if (at % 64 == 0) chances = numbers.next();
    if ((chances & 1) != 0) put(stored_, write.offset + at, ByteSpan(write.bytes).subspan(at, 1));
  }
}

void CachedBytes::store_prefix(std::uint64_t bytes) {
  for (const Write& write : unsynced_) {
    const std::uint64_t kept = std::min<std::uint64_t>(bytes, write.bytes.size());
    put(stored_, write.offset, ByteSpan(write.bytes).first(kept));
    bytes -= kept;
  }
}

std::uint64_t CachedBytes::unsynced_bytes() const {
  std::uint64_t bytes = 0;
  for (const Write& write : unsynced_) bytes += write.bytes.size();
  return bytes;
}

}  // namespace lockstep::testing
