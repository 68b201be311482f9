#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "consensus/messages.hpp"

namespace lockstep::consensus::test {

/// One direction between two nodes.
struct Link {
  /// As the receiver sees them: `peer` is the sender.
  std::deque<PeerMessage> queue;
  /// A connection is there; without it a send fails.
  bool connected = false;
  /// Messages vanish without a sign.
  bool cut = false;
};

class Network {
 public:
  using Ends = std::pair<NodeId, NodeId>;

  [[nodiscard]] Link& link(const NodeId& from, const NodeId& to) { return links_[{from, to}]; }
  [[nodiscard]] std::map<Ends, Link>& links() { return links_; }

  void connect(const NodeId& a, const NodeId& b) {
    link(a, b).connected = true;
    link(b, a).connected = true;
  }
  /// What is under way is lost.
  void disconnect(const NodeId& a, const NodeId& b) {
    link(a, b) = {{}, false, link(a, b).cut};
    link(b, a) = {{}, false, link(b, a).cut};
  }
  [[nodiscard]] std::vector<Ends> links_with_messages() const {
    std::vector<Ends> found;
    for (const auto& [ends, link] : links_) {
      if (!link.queue.empty()) found.push_back(ends);
    }
    return found;
  }

 private:
  std::map<Ends, Link> links_;
};

}  // namespace lockstep::consensus::test
