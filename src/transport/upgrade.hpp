#pragma once

#include <string>
#include <string_view>

#include "lockstep/error.hpp"
#include "lockstep/types.hpp"

namespace lockstep::transport {

/// What a dialler asks for in its HTTP upgrade.
struct UpgradeRequest {
  bool is_websocket = false;
  /// Browsers say on behalf of which page they ask; a node never does.
  bool has_origin = false;
  std::string target;
  /// As offered, in one header field or several: names, separated by commas.
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

/// Why a dial was refused, in the acceptor's words as far as they are fit for a log:
/// kHandshakeRefused.
[[nodiscard]] Error upgrade_refused(unsigned status, std::string_view body);

}  // namespace lockstep::transport
