#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lockstep/buffer.hpp"
#include "lockstep/entry.hpp"
#include "lockstep/export.hpp"
#include "lockstep/types.hpp"

namespace lockstep {

/// What a message is for. Its number travels on the wire: append-only.
enum class MessageType : std::uint16_t {
  // the seed's
  kWalEntry = 1,
  kHeartbeat = 2,
  kElection = 3,
  kSyncRequest = 4,
  kVoteRequest = 5,
  kVoteResponse = 6,
  kAppendEntries = 7,
  kAck = 8,
  // what consensus needs besides
  kMemberState = 16,     ///< who a node is: initialised or not, with its incarnation
  kBootstrapEntry = 17,  ///< the entry at index 1, for a member that is uninitialised
  kInstallSnapshot = 18,
  kTransferLeadership = 19,
  kReadIndexRequest = 20,
  kReadIndexResponse = 21,
  kSyncResponse = 22,  ///< the leader's answer to SYNC_REQUEST
  // the host's own: kHostFirst to 65535
  kHostFirst = 0x8000,
};

/// The seed's spelling: `WAL_ENTRY`, `APPEND_ENTRIES`, ...; `HOST_<n>` from kHostFirst on;
/// `UNKNOWN_<n>` otherwise.
[[nodiscard]] LOCKSTEP_EXPORT std::string to_string(MessageType type);

[[nodiscard]] constexpr bool is_host_type(MessageType type) {
  return type >= MessageType::kHostFirst;
}

/// The n-th of the host's own types. Precondition: `n < 0x8000`.
[[nodiscard]] constexpr MessageType host_message_type(std::uint16_t n) {
  return static_cast<MessageType>(static_cast<std::uint16_t>(MessageType::kHostFirst) + n);
}

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
