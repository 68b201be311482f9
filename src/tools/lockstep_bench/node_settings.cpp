#include "tools/lockstep_bench/node_settings.hpp"

#include <nlohmann/json.hpp>

namespace lockstep::bench {

std::string to_string(Durability durability) {
  switch (durability) {
    case Durability::kFsync:
      return "fsync";
    case Durability::kNone:
      return "none";
    case Durability::kMemory:
      return "memory";
  }
  return "";
}

std::string to_string(Transport transport) {
  return transport == Transport::kWebSocket ? "websocket" : "loopback";
}

std::string to_text(const NodeSettings& settings) {
  return nlohmann::json{{"name", settings.name},
                        {"folder", settings.folder},
                        {"durability", static_cast<int>(settings.durability)},
                        {"hash", static_cast<int>(settings.hash)},
                        {"transport", static_cast<int>(settings.transport)},
                        {"mode", static_cast<int>(settings.mode)},
                        {"leadership", static_cast<int>(settings.leadership)},
                        {"heartbeat_ms", settings.heartbeat_ms},
                        {"election_timeout_min_ms", settings.election_timeout_min_ms},
                        {"election_timeout_max_ms", settings.election_timeout_max_ms},
                        {"releases_log", settings.releases_log},
                        {"image_bytes", settings.image_bytes},
                        {"watches_failover", settings.watches_failover}}
      .dump();
}

NodeSettings settings_from(const std::string& text) {
  const nlohmann::json json = nlohmann::json::parse(text);
  NodeSettings settings;
  settings.name = json.at("name");
  settings.folder = json.at("folder");
  settings.durability = static_cast<Durability>(json.at("durability").get<int>());
  settings.hash = static_cast<HashBy>(json.at("hash").get<int>());
  settings.transport = static_cast<Transport>(json.at("transport").get<int>());
  settings.mode = static_cast<ReplicationMode>(json.at("mode").get<int>());
  settings.leadership = static_cast<Leadership>(json.at("leadership").get<int>());
  settings.heartbeat_ms = json.at("heartbeat_ms");
  settings.election_timeout_min_ms = json.at("election_timeout_min_ms");
  settings.election_timeout_max_ms = json.at("election_timeout_max_ms");
  settings.releases_log = json.at("releases_log");
  settings.image_bytes = json.at("image_bytes");
  settings.watches_failover = json.at("watches_failover");
  return settings;
}

}  // namespace lockstep::bench
