#pragma once

#include <cstdint>
#include <string>

namespace lockstep::guard {

enum class CallSites { kNone, kAllocations, kCopies };

/// From now on each call of `note_call_site(which, ...)` is kept with its stack.
void collect_call_sites(CallSites which);
/// For the hooks; costs next to nothing unless these are the ones that are collected.
void note_call_site(CallSites which, std::uint64_t amount);

/// The largest first, one a line: how much for each of `entries`, and the functions of the stack
/// from the innermost outwards, as `addr2line` names them.
[[nodiscard]] std::string call_sites_text(std::uint64_t entries);

}  // namespace lockstep::guard
