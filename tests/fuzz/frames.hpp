#pragma once

#include <optional>

#include "lockstep/buffer.hpp"
#include "wire/frame_decoder.hpp"

namespace lockstep::fuzz {

/// Small, so that entries over it are small, too.
inline constexpr std::size_t kEntryLimit = 16 * 1024;

/// A fresh connection gets one frame: it is refused properly, or what it says is written again as
/// the same bytes; in either case without more memory than a multiple of its size. Empty when
/// refused.
std::optional<wire::Received> check_frame(const SharedBuffer& frame);

/// What `check_frame` requires of a frame that `decoder` has refused.
void check_refused(wire::FrameDecoder& decoder, const Error& error);

}  // namespace lockstep::fuzz
