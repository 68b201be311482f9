#pragma once

#include "wal/log_map.hpp"
#include "wal/log_state.hpp"
#include "wal/segment_format.hpp"

namespace lockstep {

/// What is kept in memory of a log in files.
struct LogParts {
  LogState state;
  LogMap map;
  LogCounters counters;
  std::uint64_t next_batch_number = 1;
};

}  // namespace lockstep
