#pragma once

#include <cstdint>
#include <string>

#include "lockstep/export.hpp"

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
  kSyncResponse = 22,    ///< the leader's answer to SYNC_REQUEST
  kRepairRequest = 23,   ///< asks any member for entries that the sender's disk has lost
  kRepairResponse = 24,  ///< copies of them
  kSnapshotResponse = 25,
  kCheckpoint = 26,  ///< what the leader's committed log amounts to, for comparison
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

}  // namespace lockstep
