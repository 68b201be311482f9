#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "consensus/cluster.hpp"

namespace lockstep::micro {

/// Three cores of one group, the first of which leads. Around them is nothing: entries get no
/// digest, writes are durable and messages arrive at once, and what is committed counts as applied.
class ThreeCores {
 public:
  ThreeCores();

  /// Proposes so many commands in one step of the leader's, and goes on until all messages have
  /// arrived. False: the commands are not committed.
  [[nodiscard]] bool commit(std::size_t commands);

 private:
  struct Delivery {
    NodeId to;
    consensus::PeerMessage message;
  };

  [[nodiscard]] consensus::Core& core(const NodeId& node) { return *cluster_.node(node).core; }
  void execute(const NodeId& node);
  void send(const NodeId& from, std::vector<consensus::PeerMessage> messages);

  /// Has founded the group, and holds the cores.
  consensus::test::Cluster cluster_;
  std::deque<Delivery> under_way_;
};

}  // namespace lockstep::micro
