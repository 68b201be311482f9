#include "entry_stream.hpp"

#include <memory>

#include "patience.hpp"

namespace lockstep_demo {
namespace {

using namespace lockstep;  // NOLINT: an example of its use

constexpr std::size_t kInFlight = 128;

}  // namespace

/// Shared with callbacks, which may come after a run has lost its patience.
struct EntryStream::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t completed = 0;
  std::vector<std::pair<std::size_t, WriteOutcome>> outcomes;
};

bool EntryStream::run(WALReplicationManager& leader, const std::vector<std::string_view>& payloads,
                      ReplicationMode mode, const Progress& progress) {
  const auto shared = std::make_shared<Shared>();
  WriteOptions options;
  options.mode = mode;

  Patience patience;
  std::size_t sent = 0;
  std::size_t seen = 0;
  std::unique_lock lock(shared->mutex);
  while (seen < payloads.size() && !patience.is_lost()) {
    while (sent < payloads.size() && sent - shared->completed < kInFlight) {
      lock.unlock();
      leader.replicate(Payload(payloads[sent]), options, [shared, sent](WriteOutcome outcome) {
        const std::lock_guard guard(shared->mutex);
        ++shared->completed;
        shared->outcomes.emplace_back(sent, std::move(outcome));
        shared->changed.notify_one();
      });
      ++sent;
      lock.lock();
    }
    shared->changed.wait_for(lock, Patience::kStep, [&] { return shared->completed > seen; });
    if (shared->completed == seen) {
      patience.waited();
    } else {
      patience.restored();
    }
    seen = shared->completed;
    progress(seen);
  }

  bool all_held = seen == payloads.size();
  for (const auto& [place, outcome] : shared->outcomes) {
    const auto* committed = std::get_if<WriteCommitted>(&outcome);
    const bool is_local = std::holds_alternative<WriteLocallyDurable>(outcome);
    if (committed != nullptr) acknowledged_.push_back({committed->id.index, payloads[place]});
    if (committed != nullptr || (mode == ReplicationMode::kAsync && is_local)) continue;
    all_held = false;
    if (failures_++ == 0) first_failure_ = to_string(outcome);
  }
  if (seen < payloads.size()) {
    failures_ += payloads.size() - seen;
    if (first_failure_.empty()) first_failure_ = "no write completed for a long time";
  }
  return all_held;
}

}  // namespace lockstep_demo
