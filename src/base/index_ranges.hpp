#pragma once

#include <vector>

#include "lockstep/types.hpp"

// Sets of indexes from 1 on: ranges that are ascending and apart from each other.
namespace lockstep {

using IndexRanges = std::vector<IndexRange>;

void add(IndexRanges& ranges, IndexRange range);
void subtract(IndexRanges& ranges, IndexRange range);
[[nodiscard]] bool contains(const IndexRanges& ranges, Index index);

}  // namespace lockstep
