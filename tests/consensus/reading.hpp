#pragma once

#include <functional>

#include "consensus/core.hpp"
#include "consensus/disk.hpp"

namespace lockstep::consensus::test {

/// What a replica's driver reads from its log before it makes a core.
[[nodiscard]] Recovered recover(const Stored& stored, Index applied);
/// What the log that holds `stored` tells the core.
[[nodiscard]] std::function<void(Core&)> answer_to(const ReadWanted& read, const Stored& stored);

}  // namespace lockstep::consensus::test
