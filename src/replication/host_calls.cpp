#include "replication/host_calls.hpp"

#include <utility>

namespace lockstep::replication {
namespace {

/// Emitted and not yet heard. A listener that blocks misses what comes beyond it, and is told so.
constexpr std::size_t kMaxQueuedEvents = 100'000;

}  // namespace

void HostCalls::post(std::function<void()> callback) {
  executor_->post(
      [self = shared_from_this(), callback = std::move(callback)] { self->guarded(callback); });
}

void HostCalls::answer(DoneHandler done, Error error) {
  if (!done) return;
  post([done = std::move(done), error = std::move(error)] { done(error); });
}

void HostCalls::emit(std::vector<ReplicationEvent> events) {
  if (events.empty() || !has_listeners()) return;
  const std::size_t count = events.size();
  if (queued_events_.fetch_add(count) + count > kMaxQueuedEvents) {
    queued_events_.fetch_sub(count);
    lost_events_.fetch_add(count);
    return;
  }
  if (const std::size_t lost = lost_events_.exchange(0); lost > 0) {
    events.insert(events.begin(),
                  ReplicationError{Error(Errc::kOverloaded, "a listener was too slow for " +
                                                                std::to_string(lost) + " events")});
  }
  executor_->post([self = shared_from_this(), count, events = std::move(events)] {
    for (const ReplicationEvent& event : events) {
      self->listeners_->any([&](const auto& listener) {
        self->guarded([&] { listener(event); });
        return false;
      });
    }
    self->queued_events_.fetch_sub(count);
  });
}

void HostCalls::threw() {
  exceptions_.fetch_add(1);
  log_(LogLevel::kError, name_ + ": a callback of the host's threw an exception");
}

}  // namespace lockstep::replication
