#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/ring_queue.hpp"
#include "lockstep/replication_manager.hpp"
#include "replication/proposal_queue.hpp"

namespace lockstep::replication {

/// The writes of this leader that are in its log and whose fate is open: who waits for what. Each
/// is completed exactly once. Owned by the strand.
class PendingWrites {
 public:
  /// A call to make, with no state of this object in the middle of a change.
  struct Completion {
    WALReplicationManager::WriteHandler done;
    WriteOutcome outcome;
    MonotonicTime called_at;
  };

  /// What a write gets that does not say.
  PendingWrites(ReplicationMode mode, std::chrono::milliseconds write_timeout)
      : default_mode_(mode), default_timeout_(write_timeout) {}

  /// An entry of this leader's has its place. `write` empty: an entry that nobody waits for, such
  /// as the no-op.
  void added(EntryId id, std::shared_ptr<ProposedWrite> write);
  void locally_durable(Index up_to);
  /// Entries of this leader's up to here are committed, durable on this node or not.
  void committed(Index up_to);
  struct Applied {
    Index index;
    CommandResult result;
    /// It has no effect, for this reason.
    Error refused{};
  };
  void applied(std::vector<Applied> results);
  /// How many members have each entry, by its index; for writes that demand copies.
  void copies_changed(const std::function<std::size_t(Index)>& copies_of);
  void expire(MonotonicTime now);
  /// Leadership is gone, or the replica stops: the fate of what is not committed is unknown, and
  /// nobody counts copies any more. `all`: nor is anything applied any more.
  void give_up(const Error& reason, bool all);
  /// What lies beyond `index` will not be applied here any more.
  void give_up_unapplied_after(Index index, const Error& reason);

  [[nodiscard]] std::size_t size() const { return waiting_; }
  /// Behind it no write waits for what the engine answers.
  [[nodiscard]] Index results_wanted_up_to() const { return results_wanted_up_to_; }
  [[nodiscard]] std::vector<Completion> take_completions();
  /// Bytes whose budget is free again.
  [[nodiscard]] std::size_t take_released_bytes();

 private:
  enum class Copies { kMet, kAwaited, kUnmet };
  struct Write {
    EntryId id;
    std::shared_ptr<ProposedWrite> write;  ///< none: nobody waits, or completed
    std::size_t bytes = 0;                 ///< of the budget
    bool async = false;
    MonotonicTime deadline = MonotonicTime::max();
    Copies copies = Copies::kMet;
    /// It has been applied, and the wait is not over for another reason.
    std::optional<Applied> applied{};
  };
  [[nodiscard]] Write* find(Index index);
  [[nodiscard]] Index first_after(Index index) const;
  [[nodiscard]] bool is_committed(const Write& write) const;
  void complete(Write& write, WriteOutcome outcome);
  void complete_committed(Write& write);
  void complete_in_doubt(Write& write, const Error& reason);
  void try_complete(Write& write);
  void release_if_done(Write& write);
  void drop_finished();

  const ReplicationMode default_mode_;
  const std::chrono::milliseconds default_timeout_;
  /// By index, without gaps: every entry that this leader appended has its place.
  RingQueue<Write> writes_;
  Index commit_index_;
  Index durable_index_;
  std::size_t waiting_ = 0;
  std::size_t waiting_for_copies_ = 0;
  std::size_t waiting_async_ = 0;
  Index results_wanted_up_to_;
  std::size_t released_bytes_ = 0;
  std::vector<Completion> completions_;
};

}  // namespace lockstep::replication
