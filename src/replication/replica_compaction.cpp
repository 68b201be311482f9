// The log's beginning is released (Raft §7): by size, or when the operator says so.
#include <algorithm>
#include <utility>

#include "replication/release_point.hpp"
#include "replication/replica.hpp"
#include "replication/step.hpp"

namespace lockstep::replication {
namespace {

/// A release by size that would free less than this part of the threshold is not worth its write.
constexpr std::uint64_t kWorthwhilePart = 4;

}  // namespace

void Replica::compact_by_size() {
  const std::uint64_t threshold = options_.compaction_threshold_bytes;
  const bool may = phase_ == Phase::kRunning && !failure_ && !compacting_ && threshold > 0 &&
                   engine_has_snapshots_ != false;
  const consensus::Log& log = core_->log();
  if (!may || log.size_bytes() <= threshold || core_->is_repairing()) return;
  if (runtime_->now() < next_compaction_) return;
  const auto point = checkpoints_.last_known(
      release_point(*core_, board_.durable_applied(), options_.retention_bytes, image_to_keep()));
  if (!point || *point < log.first_index() || !may_begin_behind(*point)) return;
  const std::uint64_t freed = log.size_bytes() - log.bytes_after(*point);
  if (freed < threshold / kWorthwhilePart) return;
  if (engine_has_snapshots_) return release_up_to(*point, {});
  // Before anybody is left behind it must be known that a snapshot can help.
  compacting_ = true;
  take_image([this](const Result<SnapshotImage>& image) {
    if (!image && image.error() != Errc::kNotSupported) compaction_failed(image.error());
    end_compaction({}, {});
  });
}

/// The log goes on behind the image that is being sent, but for no longer than for a member.
std::optional<Index> Replica::image_to_keep() const {
  const auto image = snapshot_sender_->in_use();
  if (!image) return std::nullopt;
  return std::max(*image, core_->log().begin_of_last(options_.retention_bytes));
}

/// It may hide how the chain of checkpoints goes on, without which nothing is released; the
/// leader's image tells.
void Replica::damage_outlived(const consensus::DamageOutlived& outlived) {
  if (checkpoints_.is_known()) return release_outlived_damage();
  if (learn_chain(outlived)) rebuild_chain([this] { release_outlived_damage(); });
}

/// Nobody can give it back, and nothing needs it.
void Replica::release_outlived_damage() {
  const IndexRanges& damaged = core_->log().damaged();
  if (compacting_ || core_->is_repairing() || damaged.empty()) return;
  const Index durable = std::min(board_.durable_applied(), core_->log().durable_index());
  const auto point = checkpoints_.last_known(durable);
  const bool reaches = point && *point >= damaged.front().last && may_begin_behind(*point);
  if (reaches) release_up_to(*point, {});
}

/// Of that entry the log knows what its boundary has to say: the term, and who the members are.
bool Replica::may_begin_behind(Index index) const {
  return core_->log().term_at(index) && core_->configurations().is_certain_at(index);
}

void Replica::trigger_snapshot(DoneHandler done) {
  call_core(std::move(done), [this](consensus::CallId call) {
    compaction_calls_.push_back(call);
    if (!compacting_) compact_now(call);
  });
}

void Replica::compact_now(consensus::CallId call) {
  const consensus::Log& log = core_->log();
  const auto point =
      checkpoints_.last_known(release_point(*core_, board_.durable_applied(), 0, image_to_keep()));
  const bool begins_behind = point && *point >= log.first_index();
  if (!checkpoints_.is_known() || (begins_behind && !may_begin_behind(*point))) {
    return end_compaction(
        call, Error(Errc::kCorruption,
                    "entries that the engine has applied are damaged in the log; it is released "
                    "once they are repaired"));
  }
  if (!begins_behind) return end_compaction(call, {});
  if (all_members_have(*core_, *point)) return release_up_to(*point, call);
  compacting_ = true;
  take_image([this, call, index = *point](const Result<SnapshotImage>& image) {
    if (image) return release_up_to(index, call);
    if (image.error() != Errc::kNotSupported) return end_compaction(call, image.error());
    end_compaction(call, Error(Errc::kNotSupported,
                               "the engine has no snapshots, and a member that lacks entries up "
                               "to " +
                                   to_string(index) + " could not be fed any more"));
  });
}

/// While an image was taken the history of checkpoints or the log may have let go of that place.
void Replica::release_up_to(Index index, std::optional<consensus::CallId> call) {
  const auto chain = checkpoints_.at(index);
  if (!may_begin_behind(index) || !chain) {
    return end_compaction(call,
                          Error(Errc::kWrongState, "the log has moved on meanwhile: call again"));
  }
  const EntryId last{index, *core_->log().term_at(index)};
  Boundary boundary{last, core_->configurations().at(index), chain->newest().digest,
                    chain->since()};
  compacting_ = true;
  wal_->release_prefix(std::move(boundary),
                       [weak = weak_from_this(), last, call](const Error& error) {
                         if (const auto self = weak.lock()) self->released(last, call, error);
                       });
}

void Replica::released(EntryId last, std::optional<consensus::CallId> call, const Error& error) {
  if (phase_ != Phase::kRunning) return;
  const bool log_goes_on = error == Errc::kNoSpace || error == Errc::kInvalidArgument;
  if (log_goes_on) {
    compaction_failed(error);
  } else if (error) {
    step([&](consensus::Core& core) { core.fail(error); });
  } else {
    const Index first = core_->log().first_index();
    step([&](consensus::Core& core) { core.prefix_released(last); });
    board_.update([&](ReplicationStatus&, ReplicationMetrics& metrics) {
      metrics.entries_released += core_->log().first_index().value() - first.value();
    });
  }
  end_compaction(call, error);
}

void Replica::compaction_failed(const Error& error) {
  next_compaction_ = runtime_->now() + options_.retry_interval;
  tell(consensus::Trouble{
      Error(error.code, "the log's beginning was not released: " + error.message)});
}

/// Those who called meanwhile may want more of it.
void Replica::end_compaction(std::optional<consensus::CallId> call, const Error& error) {
  compacting_ = false;
  if (call) {
    std::erase(compaction_calls_, *call);
    answer_call(*call, error);
  }
  if (!compaction_calls_.empty()) compact_now(compaction_calls_.front());
}

}  // namespace lockstep::replication
