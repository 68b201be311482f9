#include "lockstep/message_type.hpp"

namespace lockstep {

std::string to_string(MessageType type) {
  switch (type) {
    case MessageType::kWalEntry:
      return "WAL_ENTRY";
    case MessageType::kHeartbeat:
      return "HEARTBEAT";
    case MessageType::kElection:
      return "ELECTION";
    case MessageType::kSyncRequest:
      return "SYNC_REQUEST";
    case MessageType::kVoteRequest:
      return "VOTE_REQUEST";
    case MessageType::kVoteResponse:
      return "VOTE_RESPONSE";
    case MessageType::kAppendEntries:
      return "APPEND_ENTRIES";
    case MessageType::kAck:
      return "ACK";
    case MessageType::kMemberState:
      return "MEMBER_STATE";
    case MessageType::kBootstrapEntry:
      return "BOOTSTRAP_ENTRY";
    case MessageType::kInstallSnapshot:
      return "INSTALL_SNAPSHOT";
    case MessageType::kTransferLeadership:
      return "TRANSFER_LEADERSHIP";
    case MessageType::kReadIndexRequest:
      return "READ_INDEX_REQUEST";
    case MessageType::kReadIndexResponse:
      return "READ_INDEX_RESPONSE";
    case MessageType::kSyncResponse:
      return "SYNC_RESPONSE";
    case MessageType::kRepairRequest:
      return "REPAIR_REQUEST";
    case MessageType::kRepairResponse:
      return "REPAIR_RESPONSE";
    case MessageType::kSnapshotResponse:
      return "SNAPSHOT_RESPONSE";
    case MessageType::kCheckpoint:
      return "CHECKPOINT";
    case MessageType::kHostFirst:
      break;
  }
  const auto number = static_cast<std::uint16_t>(type);
  const auto first = static_cast<std::uint16_t>(MessageType::kHostFirst);
  return is_host_type(type) ? "HOST_" + std::to_string(number - first)
                            : "UNKNOWN_" + std::to_string(number);
}

}  // namespace lockstep
