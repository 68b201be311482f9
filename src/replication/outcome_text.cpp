#include "lockstep/replication_manager.hpp"

namespace lockstep {

std::string to_string(ReplicationMode mode) {
  return mode == ReplicationMode::kSync ? "SYNC" : "ASYNC";
}

std::string to_string(DiskState state) {
  switch (state) {
    case DiskState::kHealthy:
      return "healthy";
    case DiskState::kFull:
      return "full";
    case DiskState::kStalled:
      return "stalled";
  }
  return "unknown";
}

std::string to_string(const WriteOutcome& outcome) {
  if (const auto* committed = std::get_if<WriteCommitted>(&outcome)) {
    return "committed at " + to_string(committed->id.index) +
           (committed->copies_met ? "" : ", copies unmet");
  }
  if (const auto* local = std::get_if<WriteLocallyDurable>(&outcome)) {
    return "locally durable at " + to_string(local->id.index);
  }
  if (const auto* rejected = std::get_if<WriteRejected>(&outcome)) {
    return "rejected: " + rejected->error.message;
  }
  return "unknown: " + std::get<WriteUnknown>(outcome).error.message;
}

}  // namespace lockstep
