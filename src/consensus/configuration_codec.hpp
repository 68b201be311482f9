#pragma once

#include <optional>
#include <vector>

#include "lockstep/configuration.hpp"

namespace lockstep::consensus {

/// The payload of a configuration entry (docs/wire-format.md).
[[nodiscard]] std::vector<std::uint8_t> encode(const BootstrapRecord& record);
/// Empty when the bytes are not a record; a set of members is then never half read.
[[nodiscard]] std::optional<BootstrapRecord> decode_record(ByteSpan payload);

}  // namespace lockstep::consensus
