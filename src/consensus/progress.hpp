#pragma once

#include <cstddef>
#include <deque>
#include <optional>

#include "lockstep/time.hpp"
#include "lockstep/types.hpp"

namespace lockstep::consensus {

struct WindowLimits {
  std::size_t max_bytes = 0;
  std::size_t max_messages = 0;
};

/// What a leader knows of one follower's log and how much it may send there. It starts by probing
/// for the place where the logs meet, one message at a time, and then streams, with a window of
/// unacknowledged messages. A follower that lacks what the log has released is sent no entries
/// until it has a snapshot.
class Progress {
 public:
  Progress(WindowLimits limits, Index next_index) : limits_(limits), next_index_(next_index) {}

  /// Highest entry known to be durable at the follower and equal to the leader's.
  [[nodiscard]] Index match_index() const { return match_index_; }
  [[nodiscard]] Index next_index() const { return next_index_; }
  [[nodiscard]] bool may_send() const { return may_send_within(limits_.max_bytes); }
  /// With a smaller window of bytes.
  [[nodiscard]] bool may_send_within(std::size_t max_bytes) const;
  [[nodiscard]] bool is_probing() const { return probing_; }

  /// Entries up to `last` were sent, `bytes` of them; nothing new when `last < next_index()`.
  void sent(Index last, std::size_t bytes, MonotonicTime now);
  /// The follower has everything up to `match` durable. True when that is news.
  [[nodiscard]] bool accepted(Index match, MonotonicTime now);
  /// The follower's log does not contain `previous`; `closest` is the newest entry of the leader's
  /// log that might be common. False when the answer is old and was ignored.
  [[nodiscard]] bool rejected(Index previous, Index closest);
  /// What was under way is lost: start over from what is known.
  void lost();
  /// A message could not be handed to the transport: start over at the next sign of life, or at the
  /// next retry.
  void stalled(MonotonicTime now);
  /// Since when something is under way of which nothing was acknowledged.
  [[nodiscard]] std::optional<MonotonicTime> silent_since() const;
  /// There is such, and this was then or before.
  [[nodiscard]] bool is_silent_since(MonotonicTime since) const;

  /// No entries can help: a snapshot has to come first.
  void await_snapshot();
  [[nodiscard]] bool awaits_snapshot() const { return awaits_snapshot_; }
  /// The follower's log begins behind `last` now.
  void snapshot_installed(Index last, MonotonicTime now);
  /// It needs none any more: on from what is known to match.
  void snapshot_given_up();
  /// It needs none, though it cannot acknowledge up to `last`: the logs meet there all the same.
  void go_on_behind(Index last);

 private:
  struct InFlight {
    Index last;
    std::size_t bytes;
  };
  void start_probe(Index next);

  WindowLimits limits_;
  Index match_index_;
  Index next_index_;
  bool probing_ = true;
  bool awaits_snapshot_ = false;
  bool probe_sent_ = false;
  std::deque<InFlight> in_flight_;
  std::size_t in_flight_bytes_ = 0;
  /// When something was acknowledged, or sent with nothing else under way. An answer that tells
  /// nothing new does not count: it may be a heartbeat's, and the entries before it lost.
  MonotonicTime last_progress_{};
};

}  // namespace lockstep::consensus
