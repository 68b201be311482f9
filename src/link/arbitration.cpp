#include "link/arbitration.hpp"

namespace lockstep::link {

Verdict judge(const NodeId& local, const NodeId& peer, const Contender& held,
              const Contender& incoming) {
  if (incoming.peer_boot > held.peer_boot) return Verdict::kReplace;
  if (incoming.peer_boot < held.peer_boot) return Verdict::kRefuseSuperseded;
  if (held.side == Side::kAcceptor) {
    return incoming.dial > held.dial ? Verdict::kReplace : Verdict::kRefuseDuplicate;
  }
  return peer < local ? Verdict::kReplace : Verdict::kRefuseDuplicate;
}

}  // namespace lockstep::link
