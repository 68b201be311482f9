// Design rule 13: members compare what their committed logs amount to.
#include "consensus/core.hpp"

namespace lockstep::consensus {

void Core::checkpoint_made(Index index, const Digest& digest) {
  if (failed_) return;
  for (const Divergence& divergence : checkpoints_.made(index, digest)) report(divergence);
  if (const auto* leadership = std::get_if<Leadership>(&state_)) {
    for (const auto& [node, follower] : leadership->followers) {
      if (follower.linked) send(node, Checkpoint{index, digest});
    }
  }
  check_invariants();
}

/// The newest, to a member that may have missed it.
void Core::tell_checkpoint(const NodeId& node) {
  if (const auto newest = checkpoints_.newest()) {
    send(node, Checkpoint{newest->first, newest->second});
  }
}

/// The other end learns of it by this node's own checkpoint.
void Core::report(const Divergence& divergence) {
  notice(divergence);
  const auto own = checkpoints_.own(divergence.first_different);
  if (!std::holds_alternative<Following>(state_) || leader() != divergence.node || !own) return;
  send(divergence.node, Checkpoint{divergence.first_different, *own});
}

/// Of what is committed: whoever leads, and whoever sends it, it must be equal.
void Core::receive_body(const PeerMessage& from, const Checkpoint& checkpoint) {
  if (!sender_counts(from)) return;
  const auto divergence = checkpoints_.told(from.peer, checkpoint.index, checkpoint.digest);
  if (divergence) report(*divergence);
}

}  // namespace lockstep::consensus
