#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lockstep::wire {

/// Words of a peer, or for one, fit for a line of a log: UTF-8 without control characters (U+0000
/// to U+001F, U+007F to U+009F), cut after the last character that ends within `max_bytes`. Control
/// characters become spaces, bytes that are not UTF-8 become '?'. Plain text comes back as it is.
[[nodiscard]] std::string plain_text(std::string_view text, std::size_t max_bytes);

}  // namespace lockstep::wire
