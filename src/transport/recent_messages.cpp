#include "transport/recent_messages.hpp"

#include <utility>

#include "base/entry_codec.hpp"
#include "wire/frame_layout.hpp"

namespace lockstep::transport {
namespace {

bool is_last_part(const wire::FrameLayout& layout) {
  const auto entry = decode_entry_header(layout.entries);
  const std::size_t slice_bytes = layout.entries.size() - EntryHeader::kEncodedBytes;
  return entry && layout.header.part_offset + slice_bytes == entry->payload_bytes;
}

}  // namespace

void RecentMessages::set_limit(std::size_t messages) {
  limit_ = messages;
  if (limit_ == 0) clear();
  while (messages_.size() > limit_) messages_.pop_front();
}

void RecentMessages::clear() {
  messages_.clear();
  forget_unfinished();
}

void RecentMessages::forget_unfinished() {
  for (Frames& parts : unfinished_) parts.clear();
}

void RecentMessages::note(const SharedBuffer& frame) {
  if (limit_ == 0) return;
  const auto layout = wire::lay_out(frame.bytes(), entry_headers_);
  if (!layout || layout->header.kind == wire::FrameKind::kLink) return;
  if (layout->header.kind != wire::FrameKind::kPart) return keep({frame});
  const auto message_class = wire::class_of(static_cast<MessageType>(layout->header.type), true);
  Frames& parts = unfinished_[static_cast<std::size_t>(message_class)];
  // Keeping began in the middle of a message: the rest of it is of no use.
  if (parts.empty() && layout->header.part_offset != 0) return;
  parts.push_back(frame);
  if (is_last_part(*layout)) keep(std::exchange(parts, {}));
}

void RecentMessages::keep(Frames message) {
  messages_.push_back(std::move(message));
  if (messages_.size() > limit_) messages_.pop_front();
}

std::vector<SharedBuffer> RecentMessages::frames() const {
  std::vector<SharedBuffer> result;
  for (const Frames& message : messages_) {
    result.insert(result.end(), message.begin(), message.end());
  }
  return result;
}

}  // namespace lockstep::transport
