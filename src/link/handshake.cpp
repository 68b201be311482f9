#include "link/handshake.hpp"

#include <algorithm>

namespace lockstep::link {

wire::Hello Handshake::hello_of(const LocalNode& local) const {
  wire::Hello hello;
  hello.protocol_min = local.protocol_min;
  hello.protocol_max = local.protocol_max;
  hello.features = local.features;
  hello.cluster = local.cluster;
  hello.node = local.node;
  hello.boot = local.boot;
  hello.dial = dial_;
  return hello;
}

wire::Hello Handshake::open(const LocalNode& local) {
  phase_ = Phase::kWaitHello;
  return hello_of(local);
}

wire::Hello Handshake::accept(const LocalNode& local) {
  phase_ = Phase::kWaitReady;
  return hello_of(local);
}

Result<> Handshake::check(const wire::Hello& hello, const LocalNode& local) const {
  if (hello.node == local.node) {
    return Error(Errc::kHandshakeRefused,
                 "the peer calls itself " + hello.node.str() + ", which is this node's own id");
  }
  if (hello.node != peer_) {
    return Error(Errc::kHandshakeRefused, "HELLO names node " + hello.node.str() + " where " +
                                              peer_.str() + " was expected");
  }
  if (!hello.cluster.is_none() && !local.cluster.is_none() && hello.cluster != local.cluster) {
    return Error(Errc::kForeignCluster,
                 "node " + hello.node.str() + " belongs to cluster " + to_string(hello.cluster) +
                     ", node " + local.node.str() + " to cluster " + to_string(local.cluster));
  }
  if (hello.protocol_max < local.protocol_min || hello.protocol_min > local.protocol_max) {
    return Error(Errc::kBadVersion, "no common protocol: node " + hello.node.str() + " speaks " +
                                        std::to_string(hello.protocol_min) + " to " +
                                        std::to_string(hello.protocol_max) + ", node " +
                                        local.node.str() + " " +
                                        std::to_string(local.protocol_min) + " to " +
                                        std::to_string(local.protocol_max));
  }
  if (hello.lane != 0) {
    return Error(Errc::kNotSupported, "lane " + std::to_string(hello.lane) + "; only 0 is there");
  }
  if (hello.authentication != wire::AuthenticationMethod::kNone) {
    return Error(Errc::kNotSupported, "authentication method unknown here");
  }
  if (side_ == Side::kDialler && hello.dial != dial_) {
    return Error(Errc::kProtocolViolation, "HELLO answers dial " + to_string(hello.dial) +
                                               ", this is dial " + to_string(dial_));
  }
  return local.admit ? local.admit(hello) : Result<>();
}

Result<> Handshake::receive(const wire::Hello& hello, const LocalNode& local) {
  if (phase_ != Phase::kWaitHello) {
    return Error(Errc::kProtocolViolation, done() ? "HELLO after the handshake" : "repeated HELLO");
  }
  if (auto checked = check(hello, local); !checked) return checked;
  dial_ = hello.dial;
  peer_boot_ = hello.boot;
  peer_cluster_ = hello.cluster;
  protocol_ = std::min(local.protocol_max, hello.protocol_max);
  features_ = local.features & hello.features;
  phase_ = side_ == Side::kDialler ? Phase::kDone : Phase::kJudging;
  return {};
}

Result<> Handshake::receive(const wire::Ready& ready) {
  if (phase_ != Phase::kWaitReady) {
    return Error(Errc::kProtocolViolation, "READY where none was due");
  }
  if (ready != this->ready()) {
    return Error(Errc::kProtocolViolation, "READY names another protocol than was agreed on");
  }
  phase_ = Phase::kDone;
  return {};
}

}  // namespace lockstep::link
