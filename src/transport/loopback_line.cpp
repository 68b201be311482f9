#include "transport/loopback_line.hpp"

#include <utility>

#include "transport/bit_flip.hpp"
#include "wire/frame_header.hpp"

namespace lockstep::transport {
namespace {

constexpr std::uint64_t kMillion = 1'000'000;

}  // namespace

void LoopbackLine::set_faults(const LinkFaults& faults) {
  faults_ = faults;
  recent.set_limit(faults.repeated_after_reconnect);
}

void LoopbackLine::clear_faults() {
  set_faults({});
  flip_in_next_frame.reset();
  flip_in_next_entry_frame.reset();
  breaks_in_next_part = false;
}

std::chrono::nanoseconds LoopbackLine::draw_delay(Runtime& chance) const {
  if (faults_.jitter.count() == 0) return faults_.delay;
  const auto span = static_cast<std::uint64_t>(faults_.jitter.count()) + 1;
  return faults_.delay +
         std::chrono::nanoseconds{static_cast<std::int64_t>(chance.random() % span)};
}

std::optional<std::uint64_t> LoopbackLine::draw_flip(ByteSpan frame, Runtime& chance) {
  if (flip_in_next_frame) return std::exchange(flip_in_next_frame, std::nullopt);
  if (flip_in_next_entry_frame && carries_entries(frame)) {
    return std::exchange(flip_in_next_entry_frame, std::nullopt);
  }
  if (faults_.flipped_per_million == 0) return std::nullopt;
  if (chance.random() % kMillion >= faults_.flipped_per_million) return std::nullopt;
  return chance.random();
}

bool LoopbackLine::damage(SharedBuffer& frame, Runtime& chance) {
  const auto bit = draw_flip(frame.bytes(), chance);
  if (bit) frame = flip_bit(frame.bytes(), *bit);
  return bit.has_value();
}

bool LoopbackLine::breaks_at(const SharedBuffer& frame) {
  if (!breaks_in_next_part) return false;
  const auto header = wire::decode_frame_header(frame.bytes());
  // The first part gets through: what is broken off has begun.
  const bool continues =
      header && header->kind == wire::FrameKind::kPart && header->part_offset > 0;
  if (continues) breaks_in_next_part = false;
  return continues;
}

}  // namespace lockstep::transport
