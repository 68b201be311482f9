#include "consensus/read_ahead.hpp"

#include <utility>

namespace lockstep::consensus {
namespace {

/// In a frame the entry's digest travels besides.
std::size_t bytes_in_frame(const Entry& entry) { return entry.size_bytes() + Digest::kBytes; }

}  // namespace

std::optional<Index> ReadAhead::wanted_behind(Index next) {
  const bool leads_on = entries_.empty() ? end_ == next : entries_.front().header.index == next;
  if (!leads_on) clear();
  if (read_ || (!entries_.empty() && bytes_ >= read_bytes_)) return std::nullopt;
  return entries_.empty() ? next : end_;
}

void ReadAhead::started(std::uint64_t id, Index first) {
  read_ = id;
  end_ = first;
}

bool ReadAhead::finished(std::uint64_t id) {
  if (read_ != id) return false;
  read_.reset();
  return true;
}

void ReadAhead::add(std::vector<Entry> entries) {
  if (entries.empty() || entries.front().header.index != end_) return;
  end_ = entries.back().header.index.next();
  for (Entry& entry : entries) {
    bytes_ += bytes_in_frame(entry);
    entries_.push_back(std::move(entry));
  }
}

std::vector<Entry> ReadAhead::take(Index next, std::size_t budget_bytes) {
  std::vector<Entry> taken;
  if (entries_.empty() || entries_.front().header.index != next) return taken;
  std::size_t bytes = 0;
  while (!entries_.empty()) {
    const std::size_t more = bytes_in_frame(entries_.front());
    if (!taken.empty() && bytes + more > budget_bytes) break;
    bytes += more;
    taken.push_back(std::move(entries_.front()));
    entries_.pop_front();
  }
  bytes_ -= bytes;
  return taken;
}

void ReadAhead::clear() {
  entries_.clear();
  bytes_ = 0;
  end_ = Index{};
  read_.reset();
}

}  // namespace lockstep::consensus
