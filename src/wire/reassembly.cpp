#include "wire/reassembly.hpp"

#include <string>
#include <utility>

namespace lockstep::wire {

Reassembly::Reassembly(ReplicationMessage message, ByteSpan fields, const EntryPart& first)
    : message_(std::move(message)),
      // A copy: a slice would keep the whole first frame.
      fields_(SharedBuffer::copy_of(fields)),
      header_(first.header),
      digest_(first.digest),
      encoded_(EntryHeader::kEncodedBytes + static_cast<std::size_t>(header_.payload_bytes)) {
  encoded_.append(first.encoded_header);
}

std::size_t Reassembly::held_bytes() const { return fields_.size() + encoded_.held_bytes(); }

bool Reassembly::is_continued_by(const ReplicationMessage& message, const EntryPart& part) const {
  return message.type == message_.type && message.group == message_.group &&
         message.source_node == message_.source_node &&
         message.target_node == message_.target_node &&
         message.timestamp_ms == message_.timestamp_ms &&
         message.message_id == message_.message_id && part.header == header_ &&
         part.digest == digest_ && part.offset + EntryHeader::kEncodedBytes == encoded_.size();
}

void Reassembly::add(Sha256& sha, ByteSpan slice) {
  encoded_.append(slice);
  hasher_.add(sha, slice);
}

bool Reassembly::is_complete() const { return encoded_.is_complete(); }

Result<ReplicationMessage> Reassembly::finish(Sha256& sha) && {
  SharedBuffer encoded = std::move(encoded_).take();
  if (hasher_.finish(sha, encoded.bytes().first(EntryHeader::kEncodedBytes)) != digest_) {
    return Error(Errc::kBadEntryDigest,
                 "entry " + to_string(header_.index) + ", put together from its parts");
  }
  Entry entry{header_, digest_, std::move(encoded)};
  message_.data = EntryBatch{std::move(fields_), {std::move(entry)}};
  return std::move(message_);
}

}  // namespace lockstep::wire
