#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "lockstep/replication_manager.hpp"
#include "lockstep/state_machine.hpp"
#include "replication/session_entry.hpp"

namespace lockstep::replication {

/// Alike on all nodes, for what they decide is: numbers of the format, not options.
struct SessionLimits {
  std::size_t max_sessions = 1024;
  /// Sequences from the client's lowest outstanding one on that may be in flight.
  std::uint64_t window = 256;
  /// A longer result is not kept: who asks again learns only that the command was applied.
  std::size_t max_result_bytes = std::size_t{64} << 10;
  /// Of all results kept; beyond it the session that was silent for longest ends.
  std::size_t max_total_bytes = std::size_t{64} << 20;
  /// What the clock may advance from one session entry to the next, whatever a leader's clock says.
  std::int64_t max_clock_step_ms = 60'000;
};

/// Which commands of which sessions have been applied, and with what result: a function of the log,
/// alike on all nodes (design rule 14, Raft thesis §6.3). Used on the apply worker.
///
/// Entries are given in log order. Where a batch of entries ends must not matter, and results are
/// known only at its end: `must_wait...` says where one has to end.
class SessionTable {
 public:
  explicit SessionTable(SessionLimits limits = {}) : limits_(limits) {}

  /// From what `take_changes` returned before.
  void restore(const std::map<std::string, std::string>& pairs);

  /// The next entry's effect depends on results that `record` has not brought yet.
  [[nodiscard]] bool must_wait_to_open() const;
  [[nodiscard]] bool must_wait(const SessionCommand& entry) const;

  /// The session is named by the entry's index. Precondition: not `must_wait_to_open`.
  void open(Index index, const OpenSession& entry);

  struct Apply {};
  /// It was applied before, with this result.
  struct Known {
    CommandResult result;
  };
  /// It has no effect, now or ever.
  struct Refused {
    Error error;
  };
  using Verdict = std::variant<Apply, Known, Refused>;
  /// Precondition: not `must_wait`. After `Apply`, `record` is owed.
  [[nodiscard]] Verdict admit(const SessionCommand& entry);
  void record(SessionId session, std::uint64_t sequence, const CommandResult& result);

  /// The pairs that have changed since, to be stored with the batch.
  [[nodiscard]] std::vector<SealedPair> take_changes();

  [[nodiscard]] std::size_t size() const { return sessions_.size(); }
  [[nodiscard]] std::size_t result_bytes() const { return result_bytes_; }

 private:
  struct Session {
    std::int64_t timeout_ms = 0;
    std::int64_t last_active_ms = 0;
    std::uint64_t lowest_outstanding = 1;
    std::map<std::uint64_t, CommandResult> results;
    /// Admitted, not recorded yet; not part of the state.
    std::set<std::uint64_t> awaited;
  };
  using Sessions = std::map<SessionId, Session>;

  [[nodiscard]] static std::string encode(const Session& session);
  [[nodiscard]] static std::optional<Session> decode(const std::string& text);
  /// So many results more may push a session out.
  [[nodiscard]] bool may_overflow(std::size_t results) const;
  void advance_clock(std::int64_t time_ms);
  [[nodiscard]] bool is_expired(const Session& session) const;
  void forget_below(Session& session, std::uint64_t lowest_outstanding);
  void end(Sessions::iterator session);
  void end_most_silent();

  const SessionLimits limits_;
  std::int64_t clock_ms_ = 0;
  bool clock_changed_ = false;
  Sessions sessions_;
  std::size_t result_bytes_ = 0;
  std::size_t awaited_ = 0;
  std::set<SessionId> changed_;
};

}  // namespace lockstep::replication
