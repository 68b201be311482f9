#pragma once

#include <string>
#include <string_view>

#include "lockstep/error.hpp"
#include "lockstep/types.hpp"

namespace lockstep::transport {

/// What a dialler asks for in its HTTP upgrade.
struct UpgradeRequest {
  bool is_websocket = false;
  std::string target;
  /// As offered: names, separated by commas.
  std::string sub_protocols;
};

/// Status 101 lets it in; anything else is sent back with the reason.
struct UpgradeAnswer {
  unsigned status = 101;
  std::string reason;
  /// Who it claims to be; empty if that cannot be told.
  NodeId node;
};

[[nodiscard]] UpgradeAnswer judge_upgrade(const UpgradeRequest& request, const NodeId& local);

/// `/replication?nodeId=<id>`
[[nodiscard]] std::string upgrade_target(const NodeId& local);

}  // namespace lockstep::transport
