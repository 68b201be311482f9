#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/digest.hpp"
#include "lockstep/buffer.hpp"
#include "lockstep/error.hpp"
#include "lockstep/message.hpp"
#include "wire/frame.hpp"
#include "wire/hello.hpp"

namespace lockstep::wire {

/// One frame, that is one binary WebSocket message, as a gather list.
struct OutgoingFrame {
  MessageClass message_class = MessageClass::kControl;
  /// In order: the head, payloads in the memory where they lie, the tail. Never empty.
  std::vector<SharedBuffer> pieces;
  /// Of all pieces together.
  std::size_t size_bytes = 0;
  /// Of the entries in it; not hashed again, their digests cover them.
  std::size_t payload_bytes = 0;
};

/// The frame in one piece, for transports inside the process and for fault injection.
[[nodiscard]] std::vector<std::uint8_t> flatten(const OutgoingFrame& frame);

/// The bytes of all frames that `encode` would make, for budgets. Reads no payload; structured data
/// alone is turned into text to be measured. Also answers for messages that `encode` refuses.
[[nodiscard]] std::size_t encoded_size(const ReplicationMessage& message);

/// Turns messages into frames. Payloads are neither copied nor hashed: their digests are in the
/// entries. Not thread-safe; keeps nothing between calls but scratch memory.
class FrameEncoder {
 public:
  /// One frame, or, for a batch of exactly one entry with a payload over `kPartPayloadBytes`, its
  /// parts, to be sent in this order with nothing of the same class in between. Source, timestamp
  /// and message id are taken as they are; `checksum` is ignored. Errors: kTooLarge when it does
  /// not fit a frame; kInvalidArgument (type or node id invalid, entries not sealed or of another
  /// group, JSON that is null, not UTF-8 or nested too deep).
  [[nodiscard]] Result<std::vector<OutgoingFrame>> encode(const ReplicationMessage& message);
  /// The same with other message fields in the place of `EntryBatch::fields`, for one target of a
  /// broadcast.
  [[nodiscard]] Result<std::vector<OutgoingFrame>> encode(const ReplicationMessage& message,
                                                          const SharedBuffer& fields);

  /// Link frames. Errors: kInvalidArgument (node id, protocol range), kTooLarge (authentication).
  [[nodiscard]] Result<OutgoingFrame> encode(const Hello& hello);
  [[nodiscard]] OutgoingFrame encode(const Ready& ready);
  [[nodiscard]] OutgoingFrame encode(const Refusal& refusal);
  [[nodiscard]] OutgoingFrame encode(const Goodbye& goodbye);

 private:
  [[nodiscard]] Result<std::vector<OutgoingFrame>> encode_one(const ReplicationMessage& message,
                                                              FrameKind kind,
                                                              const SharedBuffer& fields,
                                                              std::span<const Entry> entries);
  [[nodiscard]] Result<std::vector<OutgoingFrame>> encode_parts(const ReplicationMessage& message,
                                                                const SharedBuffer& fields);
  [[nodiscard]] OutgoingFrame encode_link(LinkType type, std::vector<std::uint8_t> body);

  Sha256 sha_;
  std::vector<std::uint8_t> entry_headers_;
};

}  // namespace lockstep::wire
