#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <variant>
#include <vector>

#include "lockstep/buffer.hpp"
#include "lockstep/entry.hpp"
#include "lockstep/message_type.hpp"
#include "lockstep/types.hpp"

namespace lockstep {

/// Frames of a more urgent class overtake queued ones of a less urgent class.
enum class MessageClass : std::uint8_t { kControl, kEntries, kBulk };

/// JSON, shared and immutable. At most one frame long when encoded (see docs/wire-format.md).
using StructuredData = std::shared_ptr<const nlohmann::json>;

/// Fields of the message itself, then entries whose memory is shared with log and receive buffer:
/// the transport gathers them without flattening and hands them over as slices of the receive
/// buffer.
struct EntryBatch {
  SharedBuffer fields;
  std::vector<Entry> entries;
};

using MessageData = std::variant<std::monostate, StructuredData, SharedBuffer, EntryBatch>;

struct ReplicationMessage {
  MessageType type = MessageType::kHeartbeat;
  GroupId group;
  /// Filled in by the sending transport; on receipt the proven id of the peer.
  NodeId source_node;
  /// None in a broadcast.
  std::optional<NodeId> target_node;
  /// Milliseconds since the Unix epoch. 0: the sending transport fills it in.
  std::int64_t timestamp_ms = 0;
  MessageData data;
  /// On receipt: the frame's checksum, verified. Ignored when sending.
  Digest checksum;
  /// The caller's if given, else drawn by the sending transport.
  MessageId message_id;
};

}  // namespace lockstep
