#pragma once

#include <functional>

#include "lockstep/entry.hpp"
#include "tools/lockstep_wal/log_view.hpp"

namespace lockstep::tools {

/// Hands out the entries of `range` that the log holds and that can be read, in order of index;
/// what is damaged is left out. Stops when `take` answers with an error, and returns it. Errors
/// besides: kReleased (a writer at work released some of them meanwhile), kIo.
[[nodiscard]] Result<> for_each_entry(IFileSystem& files, const LogView& view, IndexRange range,
                                      const std::function<Result<>(const Entry&)>& take);

}  // namespace lockstep::tools
