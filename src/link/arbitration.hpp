#pragma once

#include <cstdint>

#include "link/handshake.hpp"
#include "lockstep/types.hpp"

namespace lockstep::link {

/// What matters of a connection when two of them compete for one pair of nodes.
struct Contender {
  Side side = Side::kAcceptor;
  BootNumber peer_boot;
  DialNumber dial;
};

enum class Verdict : std::uint8_t {
  kReplace,           ///< the newcomer takes the place of the old connection
  kRefuseDuplicate,   ///< the old one is kept
  kRefuseSuperseded,  ///< the newcomer was dialled by a process that has since been started again
};

/// Both ends come to the same answer: `incoming`, accepted by this node, against `held`, whose
/// handshake has got at least as far as the peer's HELLO.
///  - A higher boot number of the peer wins: the process that the other connection led to is gone.
///  - Of two connections that one node dialled, the later one wins: it dials only without one.
///  - Of two that both dialled, the one dialled by the smaller node id wins.
[[nodiscard]] Verdict judge(const NodeId& local, const NodeId& peer, const Contender& held,
                            const Contender& incoming);

}  // namespace lockstep::link
