#include "consensus/read_index_queue.hpp"

#include <algorithm>
#include <utility>

namespace lockstep::consensus {

void ReadIndexQueue::add(const NodeId& reader, std::uint64_t id) {
  const auto earlier = std::ranges::find(reads_, reader, &Read::reader);
  if (earlier == reads_.end()) return reads_.push_back({reader, id});
  if (earlier->id != id) *earlier = {reader, id};
}

bool ReadIndexQueue::wants_round() const {
  const bool under_way = std::ranges::any_of(reads_, [](const Read& r) { return r.round != 0; });
  return !reads_.empty() && !under_way;
}

void ReadIndexQueue::start(std::uint64_t round, Index commit_index) {
  for (Read& read : reads_) {
    if (read.round != 0) continue;
    read.round = round;
    read.index = commit_index;
  }
}

std::vector<ReadIndexQueue::Read> ReadIndexQueue::take(
    const std::function<bool(std::uint64_t)>& is_confirmed) {
  std::vector<Read> taken;
  std::erase_if(reads_, [&](const Read& read) {
    if (read.round == 0 || !is_confirmed(read.round)) return false;
    taken.push_back(read);
    return true;
  });
  return taken;
}

std::vector<ReadIndexQueue::Read> ReadIndexQueue::take_all() { return std::exchange(reads_, {}); }

}  // namespace lockstep::consensus
