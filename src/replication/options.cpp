#include <string>

#include "lockstep/replication_manager.hpp"

namespace lockstep {

std::vector<OptionProblem> check(const ReplicaOptions& options) {
  std::vector<OptionProblem> problems;
  const auto require = [&](bool holds, const char* field, const char* problem) {
    if (!holds) problems.push_back({field, problem});
  };
  using std::chrono::milliseconds;
  // Longer than any clock is asked to reckon.
  constexpr milliseconds kLongest = std::chrono::hours{24 * 365};
  const auto require_interval = [&](milliseconds value, const char* field) {
    require(value >= milliseconds{1} && value <= kLongest, field, "must be 1 ms to one year");
  };
  require(options.node.is_valid(), "node", "must be 1 to 64 characters of A-Z a-z 0-9 . _ : -");
  require_interval(options.heartbeat_interval, "heartbeat_interval");
  if (options.leadership == Leadership::kElected && options.heartbeat_interval <= kLongest) {
    require(
        options.election_timeout_min > options.heartbeat_interval, "election_timeout_min",
        "must be longer than heartbeat_interval, best several times as long, or a living leader "
        "would be given up");
    require(options.election_timeout_max > options.election_timeout_min &&
                options.election_timeout_max <= kLongest,
            "election_timeout_max",
            "must be longer than election_timeout_min, best twice as long, and one year at most: "
            "nodes that campaign all at once split the votes");
  }
  require_interval(options.vote_timeout, "vote_timeout");
  require_interval(options.transfer_timeout, "transfer_timeout");
  require_interval(options.bootstrap_timeout, "bootstrap_timeout");
  require(options.write_timeout >= milliseconds{0}, "write_timeout",
          "must not be negative; 0 is never");
  require_interval(options.retry_interval, "retry_interval");
  require_interval(options.stall_limit, "stall_limit");
  require_interval(options.session_timeout, "session_timeout");
  require(options.max_entry_bytes >= 1, "max_entry_bytes", "must be 1 at least");
  require(options.max_uncommitted_bytes >= options.max_entry_bytes, "max_uncommitted_bytes",
          "must be max_entry_bytes at least");
  require(options.max_in_flight_bytes >= 1, "max_in_flight_bytes", "must be 1 at least");
  require(options.max_in_flight_messages >= 1, "max_in_flight_messages", "must be 1 at least");
  // A batch of the smallest entries, 40 bytes each, takes 32 bytes of digest for each besides.
  require(options.max_batch_bytes >= 1 && options.max_batch_bytes <= 130'000, "max_batch_bytes",
          "must be 1 to 130000, since a frame with its digests holds no more than 256 KiB");
  require(options.max_apply_batch_bytes >= 1, "max_apply_batch_bytes", "must be 1 at least");
  return problems;
}

}  // namespace lockstep
