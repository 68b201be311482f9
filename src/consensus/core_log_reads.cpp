// What is no longer in memory is read from the WAL: for followers, for members whose log is
// damaged.
#include <algorithm>

#include "consensus/core.hpp"

namespace lockstep::consensus {
namespace {

/// How many of the first entries fit the budget; at least one.
std::size_t count_within(const std::vector<Entry>& entries, std::size_t budget_bytes) {
  std::size_t bytes = entries.front().size_bytes() + Digest::kBytes;
  std::size_t count = 1;
  while (count < entries.size()) {
    bytes += entries[count].size_bytes() + Digest::kBytes;
    if (bytes > budget_bytes) break;
    ++count;
  }
  return count;
}

}  // namespace

void Core::read_ahead(const NodeId& node, Leadership::Follower& follower) {
  const Progress& progress = follower.progress;
  // Where the logs meet has to be known first.
  if (progress.awaits_snapshot() || (progress.is_probing() && !progress.may_send())) return;
  const Index end = log_.tail_first_index();
  if (progress.next_index() >= end) return;
  const auto first = follower.read_ahead.wanted_behind(progress.next_index());
  if (!first || *first >= end) return;
  follower.read_ahead.started(++last_read_, *first);
  effects_.reads_wanted.push_back(
      {last_read_, node, {*first, end.previous()}, follower.read_ahead.read_bytes()});
}

/// While others write, who is fed from the WAL makes way.
std::size_t Core::window_of(const Leadership::Follower& follower) const {
  const auto& leadership = std::get<Leadership>(state_);
  const bool others_write = now_ - leadership.appended_at < options_.heartbeat_interval;
  const std::size_t full = options_.window.max_bytes;
  return others_write ? follower.pace.window(full) : full;
}

void Core::look_at_pace(Leadership::Follower& follower) const {
  if (follower.progress.next_index() >= log_.tail_first_index()) return;
  follower.pace.look(follower.progress.match_index(), log_.last_index());
}

void Core::read_done(std::uint64_t id, std::vector<Entry> entries) {
  if (failed_) return;
  if (entries.empty()) return read_failed(id, Error(Errc::kOutOfRange, "a read gave no entries"));
  if (const auto waiting = bootstrap_reads_.find(id); waiting != bootstrap_reads_.end()) {
    send(waiting->second, BootstrapEntry{std::move(entries)});
    bootstrap_reads_.erase(waiting);
    return;
  }
  if (repair_.check == id) {
    repair_.check.reset();
    return repaired(entries);
  }
  if (const auto repair = repair_reads_.find(id); repair != repair_reads_.end()) {
    entries.resize(count_within(entries, options_.max_batch_bytes));
    answer_repair(repair->second, std::move(entries));
    repair_reads_.erase(repair);
    return;
  }
  auto* leadership = std::get_if<Leadership>(&state_);
  if (leadership == nullptr) return;
  for (auto& [node, follower] : leadership->followers) {
    if (!follower.read_ahead.finished(id)) continue;
    const bool is_of_log = log_.contains(entries.back().id());
    if (is_of_log) follower.read_ahead.add(std::move(entries));
    return feed(node, follower);
  }
}

void Core::read_failed(std::uint64_t id, const Error& error) {
  bootstrap_reads_.erase(id);
  if (const auto repair = repair_reads_.find(id); repair != repair_reads_.end()) {
    answer_repair(repair->second, {});
    repair_reads_.erase(repair);
  }
  // What was released while it was being read is no trouble.
  if (error != Errc::kReleased) notice(Trouble{error});
  auto* leadership = std::get_if<Leadership>(&state_);
  if (leadership == nullptr) return;
  for (auto& [node, follower] : leadership->followers) {
    // Tried again at the next sign of life or retry, not at once: the disk may go on failing.
    if (!follower.read_ahead.finished(id)) continue;
    if (follower.read_ahead.empty()) follower.progress.stalled(now_);
  }
}

}  // namespace lockstep::consensus
