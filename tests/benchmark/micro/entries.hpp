#pragma once

#include <cstddef>
#include <vector>

#include "lockstep/entry.hpp"

namespace lockstep::micro {

inline constexpr GroupId kGroup{7};
inline constexpr std::size_t kPayloadBytes = 256;

/// Sealed commands of `kPayloadBytes`, of term 1, from `first` on.
[[nodiscard]] std::vector<Entry> make_entries(Index first, std::size_t count);

}  // namespace lockstep::micro
