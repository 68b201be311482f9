#pragma once

#include <cstddef>
#include <cstdint>

#include "base/digest.hpp"
#include "lockstep/entry.hpp"
#include "lockstep/error.hpp"
#include "lockstep/message.hpp"
#include "wire/growing_buffer.hpp"

namespace lockstep::wire {

/// One part of an entry: a slice of its payload, with the header and digest that each part repeats.
struct EntryPart {
  EntryHeader header;
  ByteSpan encoded_header;
  Digest digest;
  std::uint64_t offset = 0;
  ByteSpan slice;
};

/// Puts the parts of one message's only entry together, in order. The payload is copied once,
/// and once more as its memory grows, and hashed once, leaf by leaf as it comes.
class Reassembly {
 public:
  /// `message` and `fields`: as the first part has them; the message has no data yet.
  Reassembly(ReplicationMessage message, ByteSpan fields, const EntryPart& first);

  /// `message` and `part` are of the message begun, and the slice follows what is there.
  [[nodiscard]] bool is_continued_by(const ReplicationMessage& message,
                                     const EntryPart& part) const;
  /// Precondition: the first part, or `is_continued_by`.
  void add(Sha256& sha, ByteSpan slice);
  [[nodiscard]] bool is_complete() const;
  /// The message with its entry. Precondition: `is_complete`. Errors: kBadEntryDigest.
  [[nodiscard]] Result<ReplicationMessage> finish(Sha256& sha) &&;

  /// Without the digests of the leaves, a 128th of the payload.
  [[nodiscard]] std::size_t held_bytes() const;

 private:
  ReplicationMessage message_;
  SharedBuffer fields_;
  EntryHeader header_;
  Digest digest_;
  /// Header and the payload so far.
  GrowingBuffer encoded_;
  TreeHasher hasher_;
};

}  // namespace lockstep::wire
