#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/digest.hpp"
#include "lockstep/replication_manager.hpp"

namespace lockstep::bench {

enum class Durability {
  kFsync,   ///< files, synced before they count
  kNone,    ///< files, left to the operating system
  kMemory,  ///< no file
};
enum class Transport { kWebSocket, kLoopback };

[[nodiscard]] std::string to_string(Durability durability);
[[nodiscard]] std::string to_string(Transport transport);

/// All that a node is told before it starts.
struct NodeSettings {
  std::string name;
  /// Its own, for its log.
  std::string folder;
  Durability durability = Durability::kFsync;
  /// Of the whole process.
  HashBy hash = hash_in_use();
  Transport transport = Transport::kWebSocket;
  ReplicationMode mode = ReplicationMode::kSync;
  Leadership leadership = Leadership::kElected;
  std::int64_t heartbeat_ms = 200;
  std::int64_t election_timeout_min_ms = 1000;
  std::int64_t election_timeout_max_ms = 2000;
  /// The log is released as it grows, as it is by default. False: it is kept whole.
  bool releases_log = true;
  std::uint64_t image_bytes = 1024;
  /// Its connections can be cut, and it remembers the first commit of its leadership. That costs a
  /// little in each socket operation.
  bool watches_failover = false;
};

/// For the command line of a process.
[[nodiscard]] std::string to_text(const NodeSettings& settings);
/// Throws on what `to_text` has not made.
[[nodiscard]] NodeSettings settings_from(const std::string& text);

}  // namespace lockstep::bench
