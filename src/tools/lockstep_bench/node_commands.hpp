#pragma once

#include <nlohmann/json.hpp>

#include "tools/lockstep_bench/bench_node.hpp"

namespace lockstep::bench {

/// Does what `request["do"]` names and returns what there is to tell. The same for a node in this
/// process and, line by line, for one in a process of its own:
///
/// - connect `node` `port`; start; stop; bootstrap `members`; lead
/// - status: leader, term, indexes, peers, followers
/// - counters: what the node has done since its start
/// - begin `payload_bytes` `in_flight` `rate_per_s`; mark; figures; end: the client's life
/// - keep: what the engine has applied, for the node's next life
/// - release: a snapshot is taken, and the log lets go of what led to it
/// - cut; heal; reset: its connections; first_commit: of its newest leadership
///
/// Throws with what went wrong.
[[nodiscard]] nlohmann::json obey(BenchNode& node, const nlohmann::json& request);

}  // namespace lockstep::bench
