#include "consensus/progress.hpp"

#include <algorithm>

namespace lockstep::consensus {

bool Progress::may_send_within(std::size_t max_bytes) const {
  if (awaits_snapshot_) return false;
  if (probing_) return !probe_sent_;
  return in_flight_.empty() ||
         (in_flight_.size() < limits_.max_messages && in_flight_bytes_ < max_bytes);
}

void Progress::sent(Index last, std::size_t bytes, MonotonicTime now) {
  if (in_flight_.empty()) last_progress_ = now;
  if (probing_) probe_sent_ = true;
  in_flight_.push_back({last, bytes});
  in_flight_bytes_ += bytes;
  // A probe may have to be repeated from the same place, so it moves nothing.
  if (!probing_) next_index_ = std::max(next_index_, last.next());
}

bool Progress::accepted(Index match, MonotonicTime now) {
  const bool is_news = match > match_index_;
  if (awaits_snapshot_) {
    match_index_ = std::max(match_index_, match);
    return is_news;
  }
  while (!in_flight_.empty() && in_flight_.front().last <= match) {
    in_flight_bytes_ -= in_flight_.front().bytes;
    in_flight_.pop_front();
  }
  const bool answers = is_news || in_flight_.empty();
  if (answers) last_progress_ = now;
  if (probing_ && answers && match >= next_index_.previous()) {
    // The logs meet where the probe asked: stream on, behind what the probe carried.
    probing_ = false;
    if (!in_flight_.empty()) next_index_ = std::max(next_index_, in_flight_.back().last.next());
  }
  next_index_ = std::max(next_index_, match.next());
  if (is_news) match_index_ = match;
  return is_news;
}

bool Progress::rejected(Index previous, Index closest) {
  if (awaits_snapshot_ || previous <= match_index_) return false;
  if (probing_ && previous != next_index_.previous()) return false;
  start_probe(std::max(std::min(previous, closest.next()), match_index_.next()));
  return true;
}

/// A probe keeps its place: while nothing matches yet, what is known would be the log's beginning.
void Progress::lost() {
  if (!awaits_snapshot_) start_probe(probing_ ? next_index_ : match_index_.next());
}

void Progress::await_snapshot() {
  start_probe(match_index_.next());
  awaits_snapshot_ = true;
}

void Progress::snapshot_installed(Index last, MonotonicTime now) {
  awaits_snapshot_ = false;
  start_probe(last.next());
  (void)accepted(last, now);
}

void Progress::snapshot_given_up() {
  awaits_snapshot_ = false;
  start_probe(match_index_.next());
}

void Progress::go_on_behind(Index last) {
  awaits_snapshot_ = false;
  start_probe(last.next());
  probing_ = false;
}

void Progress::stalled(MonotonicTime now) {
  if (awaits_snapshot_) return;
  lost();
  sent(match_index_, 0, now);
}

std::optional<MonotonicTime> Progress::silent_since() const {
  return in_flight_.empty() ? std::nullopt : std::optional(last_progress_);
}

bool Progress::is_silent_since(MonotonicTime since) const {
  return !in_flight_.empty() && last_progress_ <= since;
}

void Progress::start_probe(Index next) {
  probing_ = true;
  probe_sent_ = false;
  next_index_ = next;
  in_flight_.clear();
  in_flight_bytes_ = 0;
}

}  // namespace lockstep::consensus
