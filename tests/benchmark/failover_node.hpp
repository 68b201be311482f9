#pragma once

#include <string>

namespace lockstep::benchmark {

/// A replica in a process of its own, that obeys lines on its standard input and answers on its
/// standard output (failover_node.cpp). Returns when its input ends.
int run_failover_node(const std::string& name, const std::string& folder, int heartbeat_ms,
                      int election_min_ms, int election_max_ms);

}  // namespace lockstep::benchmark
