#include "replication/proposal_queue.hpp"

namespace lockstep::replication {

ProposalQueue::Push ProposalQueue::push(const std::shared_ptr<ProposedWrite>& write) {
  const std::lock_guard lock(mutex_);
  if (closed_) return Push::kClosed;
  // One write always fits an empty budget, or it could never be made.
  if (used_bytes_ > 0 && used_bytes_ + write->size_bytes() > budget_bytes_) {
    return Push::kOverBudget;
  }
  used_bytes_ += write->size_bytes();
  queue_.push_back(write);
  if (drain_asked_) return Push::kQueued;
  drain_asked_ = true;
  return Push::kFirst;
}

ProposalQueue::Ready ProposalQueue::take_ready(std::size_t max_bytes) {
  const std::lock_guard lock(mutex_);
  Ready ready;
  std::size_t bytes = 0;
  while (!queue_.empty() && queue_.front()->ready) {
    bytes += queue_.front()->size_bytes();
    ready.more = !ready.writes.empty() && bytes > max_bytes;
    if (ready.more) break;
    ready.writes.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  drain_asked_ = ready.more;
  return ready;
}

bool ProposalQueue::set_ready(const std::shared_ptr<ProposedWrite>& write) {
  const std::lock_guard lock(mutex_);
  write->ready = true;
  if (closed_ || drain_asked_) return false;
  drain_asked_ = true;
  return true;
}

void ProposalQueue::release(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  used_bytes_ -= bytes;
}

std::vector<std::shared_ptr<ProposedWrite>> ProposalQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  std::vector<std::shared_ptr<ProposedWrite>> left(queue_.begin(), queue_.end());
  queue_.clear();
  return left;
}

}  // namespace lockstep::replication
