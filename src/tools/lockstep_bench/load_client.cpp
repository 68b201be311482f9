#include "tools/lockstep_bench/load_client.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

namespace lockstep::bench {
namespace {

constexpr std::chrono::milliseconds kRetryInterval{1};
/// Of an open loop that is behind: so many, then what has completed has its turn.
constexpr int kMostBegunAtOnce = 256;

/// Not all the same, should anything on the way ever compress.
std::vector<std::uint8_t> make_payload(std::size_t bytes) {
  std::vector<std::uint8_t> payload(bytes);
  for (std::size_t i = 0; i < bytes; ++i) {
    payload[i] = static_cast<std::uint8_t>(i * 0x9e3779b1U >> 24U);
  }
  return payload;
}

/// The reason why a write was not done; null: it was.
const Error* failure_of(const WriteOutcome& outcome) {
  if (const auto* rejected = std::get_if<WriteRejected>(&outcome)) return &rejected->error;
  if (const auto* unknown = std::get_if<WriteUnknown>(&outcome)) return &unknown->error;
  return nullptr;
}

}  // namespace

LoadClient::LoadClient(WALReplicationManager& replica, Runtime& runtime,
                       std::shared_ptr<IExecutor> callbacks, Load load)
    : replica_(replica),
      runtime_(runtime),
      callbacks_(std::move(callbacks)),
      load_(load),
      payload_(make_payload(load.payload_bytes)),
      marked_at_(runtime_.now()) {
  overloaded_.reserve(load_.in_flight);
}

void LoadClient::start() {
  if (load_.is_open()) {
    schedule_.emplace(runtime_.now(), load_.rate_per_s);
    return begin_what_is_due();
  }
  for (std::size_t i = 0; i < load_.in_flight; ++i) begin(runtime_.now());
}

void LoadClient::mark() {
  figures_ = ClientFigures{};
  marked_at_ = runtime_.now();
}

ClientFigures LoadClient::figures() const {
  ClientFigures seen = figures_;
  const MonotonicTime now = runtime_.now();
  seen.seconds = std::chrono::duration<double>(now - marked_at_).count();
  seen.unfinished = under_way_;
  for (const MonotonicTime intended : begun_) seen.latency.record(now - intended);
  if (!schedule_) return seen;
  for (ArrivalSchedule late = *schedule_; late.is_due(now); ++seen.unfinished) {
    seen.latency.record(now - late.take());
  }
  return seen;
}

void LoadClient::stop() {
  stopping_ = true;
  timer_.reset();
  overloaded_.clear();
}

/// What the handler holds fits into a std::function without allocation.
void LoadClient::begin(MonotonicTime intended) {
  ++under_way_;
  if (load_.is_open()) begun_.insert(intended);
  replica_.replicate(Payload(payload_), [this, intended](const WriteOutcome& outcome) {
    completed(intended, outcome);
  });
}

void LoadClient::completed(MonotonicTime intended, const WriteOutcome& outcome) {
  --under_way_;
  if (load_.is_open()) begun_.erase(begun_.find(intended));
  const MonotonicTime now = runtime_.now();
  const Error* failure = failure_of(outcome);
  if (failure == nullptr) {
    ++figures_.completed;
    figures_.latency.record(now - intended);
  } else if (*failure == Errc::kOverloaded) {
    ++figures_.overloaded;
  } else if (!stopping_) {
    ++figures_.failed;
    if (figures_.first_failure.empty()) figures_.first_failure = failure->message;
  }
  if (load_.is_open() || stopping_) return;
  failure == nullptr ? begin(now) : retry_later(intended);
}

void LoadClient::retry_later(MonotonicTime intended) {
  overloaded_.push_back(intended);
  if (overloaded_.size() > 1) return;
  timer_ = runtime_.schedule(callbacks_, kRetryInterval, [this] {
    // Nothing completes inside `begin`, so nothing is added meanwhile.
    for (const MonotonicTime start : overloaded_) begin(start);
    overloaded_.clear();
  });
}

void LoadClient::begin_what_is_due() {
  if (stopping_) return;
  const MonotonicTime now = runtime_.now();
  for (int begun = 0; begun < kMostBegunAtOnce && schedule_->is_due(now); ++begun) {
    begin(schedule_->take());
  }
  const auto wait = std::max(schedule_->next() - now, std::chrono::nanoseconds(0));
  timer_ = runtime_.schedule(callbacks_, wait, [this] { begin_what_is_due(); });
}

}  // namespace lockstep::bench
