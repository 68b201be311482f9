#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <ostream>
#include <string>

#include "lockstep/network_manager.hpp"

namespace lockstep::test {

struct NodeSetup {
  std::string name;
  BootNumber boot;
  std::size_t max_queued_bytes_per_peer = std::size_t{64} << 20;
  /// Keep-alive that finds a silent peer within a fraction of a second, where there is any.
  bool quick_keep_alive = false;
};

/// Nodes on one transport, with the faults that all transports can commit.
class Fleet {
 public:
  virtual ~Fleet() = default;
  [[nodiscard]] virtual std::shared_ptr<INetworkManager> add_node(const NodeSetup& setup) = 0;
  [[nodiscard]] std::shared_ptr<INetworkManager> add(const std::string& name) {
    return add_node(NodeSetup{.name = name, .boot = {}});
  }
  /// Where a node is, was last, or, if it has never been there, will be. Until then, nobody
  /// answers.
  [[nodiscard]] virtual PeerAddress address(const std::string& name) = 0;
  /// Ends the connection between two nodes, as by a fault, and comes back when a redial may
  /// succeed.
  virtual void drop_connection(const std::string& a, const std::string& b) = 0;
  virtual void flip_bit(const std::string& from, const std::string& to, std::uint64_t bit) = 0;
  /// Both directions between two nodes go silent.
  virtual void isolate(const std::string& a, const std::string& b) = 0;
  virtual void heal(const std::string& a, const std::string& b) = 0;
};

enum class TransportKind { kLoopback, kWebSocket };

inline std::ostream& operator<<(std::ostream& out, TransportKind kind) {
  return out << (kind == TransportKind::kLoopback ? "Loopback" : "WebSocket");
}

[[nodiscard]] std::unique_ptr<Fleet> make_fleet(TransportKind kind);

/// A test that runs on every transport.
class OnEveryTransport : public ::testing::TestWithParam<TransportKind> {
 protected:
  std::unique_ptr<Fleet> fleet_ = make_fleet(GetParam());

  /// Makes the two connect, the first one dialling.
  void connect(INetworkManager& dialler, const std::string& peer);
};

[[nodiscard]] inline std::string transport_name(
    const ::testing::TestParamInfo<TransportKind>& parameter) {
  return parameter.param == TransportKind::kLoopback ? "Loopback" : "WebSocket";
}

/// Registers a suite for every transport.
#define LOCKSTEP_ON_EVERY_TRANSPORT(suite)                                                 \
  INSTANTIATE_TEST_SUITE_P(All, suite,                                                     \
                           ::testing::Values(::lockstep::test::TransportKind::kLoopback,   \
                                             ::lockstep::test::TransportKind::kWebSocket), \
                           ::lockstep::test::transport_name)

}  // namespace lockstep::test
