#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "lockstep/message.hpp"
#include "lockstep/testing/sealed_entry.hpp"

namespace lockstep::testing {

/// An id that tells its number.
[[nodiscard]] inline MessageId message_id(std::uint64_t number) {
  MessageId::Bytes bytes{};
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  bytes[15] = 1;
  return MessageId(bytes);
}

[[nodiscard]] inline std::uint64_t number_of(const MessageId& id) {
  std::uint64_t result = 0;
  for (std::size_t i = 8; i > 0; --i) result = result << 8 | id.bytes()[i - 1];
  return result;
}

/// A message of group 1. `target` empty: none, as a broadcast wants it.
[[nodiscard]] inline ReplicationMessage message_to(const std::string& target, MessageType type,
                                                   MessageData data = {}) {
  ReplicationMessage message;
  message.type = type;
  message.group = GroupId(1);
  if (!target.empty()) message.target_node = NodeId(target);
  message.data = std::move(data);
  return message;
}

[[nodiscard]] inline ReplicationMessage numbered(const std::string& target, std::uint64_t number,
                                                 MessageType type = MessageType::kHeartbeat) {
  ReplicationMessage message = message_to(target, type);
  message.message_id = message_id(number);
  return message;
}

/// An entry whose every part looks different.
[[nodiscard]] inline Entry make_entry(std::uint64_t index, std::size_t payload_bytes) {
  Payload payload(payload_bytes);
  for (std::size_t i = 0; i < payload_bytes; ++i) {
    payload.bytes()[i] = static_cast<std::uint8_t>(i * 31 + index + i / 4096);
  }
  EntryHeader header;
  header.group = GroupId(1);
  header.term = Term(3);
  header.index = Index(index);
  return seal_entry(header, std::move(payload));
}

[[nodiscard]] inline EntryBatch batch_of(Entry entry) {
  EntryBatch batch;
  batch.entries.push_back(std::move(entry));
  return batch;
}

}  // namespace lockstep::testing
