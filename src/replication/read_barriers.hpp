#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "consensus/effects.hpp"
#include "lockstep/replication_manager.hpp"

namespace lockstep::replication {

/// The calls of `read_barrier` that wait: first for an index from the leader, then until this
/// node's engine has applied it. One question is under way at a time; all calls that come meanwhile
/// share the next. Owned by the strand.
class ReadBarriers {
 public:
  using Handler = WALReplicationManager::ReadBarrierHandler;
  struct Completion {
    Handler done;
    Result<Index> outcome;
  };

  /// A question unanswered for `retry_interval` is asked again: it may be lost with its connection.
  /// `first_question` is random, so that no answer to an earlier life of this node is taken for one
  /// to this life.
  ReadBarriers(std::chrono::nanoseconds retry_interval, std::uint64_t first_question)
      : retry_interval_(retry_interval), last_question_(first_question) {}

  void add(Handler done, MonotonicTime deadline);
  [[nodiscard]] std::size_t size() const { return calls_.size(); }
  /// What is to be asked now.
  [[nodiscard]] std::optional<std::uint64_t> take_question(MonotonicTime now);
  void answered(const consensus::ReadIndexKnown& answer);

  /// Those that are over, for better or worse.
  [[nodiscard]] std::vector<Completion> take_finished(Index applied, MonotonicTime now);
  [[nodiscard]] std::vector<Completion> give_up(const Error& error);

 private:
  struct Call {
    Handler done;
    MonotonicTime deadline;
    /// None: to be asked with the next one.
    std::optional<std::uint64_t> question{};
    std::optional<Index> index{};
    std::optional<Error> refused{};
  };

  const std::chrono::nanoseconds retry_interval_;
  std::uint64_t last_question_;
  /// Under way, and when it is asked again.
  std::optional<std::uint64_t> question_;
  MonotonicTime next_time_{};
  std::vector<Call> calls_;
};

}  // namespace lockstep::replication
