#include "replication/read_barriers.hpp"

#include <algorithm>
#include <utility>

namespace lockstep::replication {

void ReadBarriers::add(Handler done, MonotonicTime deadline) {
  calls_.push_back({std::move(done), deadline});
}

std::optional<std::uint64_t> ReadBarriers::take_question(MonotonicTime now) {
  const auto waits = [&](const Call& call) { return call.question == question_; };
  if (question_ && std::ranges::none_of(calls_, waits)) question_.reset();
  if (question_ ? now < next_time_ : std::ranges::none_of(calls_, waits)) return std::nullopt;
  if (!question_) {
    question_ = ++last_question_;
    for (Call& call : calls_) {
      if (!call.question) call.question = question_;
    }
  }
  next_time_ = now + retry_interval_;
  return question_;
}

void ReadBarriers::answered(const consensus::ReadIndexKnown& answer) {
  if (question_ != answer.id) return;
  for (Call& call : calls_) {
    if (call.question != question_) continue;
    if (answer.error) {
      call.refused = answer.error;
    } else {
      call.index = answer.index;
    }
  }
  question_.reset();
}

std::vector<ReadBarriers::Completion> ReadBarriers::take_finished(Index applied,
                                                                  MonotonicTime now) {
  std::vector<Completion> finished;
  std::erase_if(calls_, [&](Call& call) {
    if (call.refused) {
      finished.push_back({std::move(call.done), *call.refused});
    } else if (call.index && applied >= *call.index) {
      finished.push_back({std::move(call.done), *call.index});
    } else if (now >= call.deadline) {
      finished.push_back({std::move(call.done), Error(Errc::kTimedOut)});
    } else {
      return false;
    }
    return true;
  });
  return finished;
}

std::vector<ReadBarriers::Completion> ReadBarriers::give_up(const Error& error) {
  std::vector<Completion> finished;
  for (Call& call : calls_) finished.push_back({std::move(call.done), error});
  calls_.clear();
  return finished;
}

}  // namespace lockstep::replication
