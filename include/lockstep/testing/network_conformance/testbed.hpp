#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "lockstep/logging.hpp"
#include "lockstep/network_manager.hpp"

namespace lockstep::testing {

/// A node that a test asks for. Whatever else the transport can be told is the testbed's choice,
/// but let redialling begin within milliseconds: the tests wait for it.
struct TestNode {
  std::string name{};
  /// 0: higher than in any life of the node before.
  BootNumber boot{};
  std::size_t max_queued_bytes_per_peer = std::size_t{64} << 20;
  std::size_t max_queued_bytes = std::size_t{256} << 20;
  /// A silent peer is found within a second. Otherwise not within a minute.
  bool quick_keep_alive = false;
  /// After so long a dial, a handshake or an orderly close is given up.
  std::chrono::milliseconds patience{5000};
  AdmissionPolicy admit{};
  std::size_t max_unconfigured_peers = 256;
  /// Where it was in its life before, it is no more; `address` tells its new place.
  bool moved = false;
  LogSink log = [](LogLevel, std::string_view) {};
};

/// One network of the transport under test, with the faults that it can commit. Made for each test.
/// Called from the test's thread and from callbacks of its nodes.
class NetworkTestbed {
 public:
  virtual ~NetworkTestbed() = default;

  /// Starts a node and listens before it returns. Null, and a failure of the test, when that fails.
  ///
  /// A callback that blocks must hold up its own node only: give each node a thread of its own, or
  /// all of them a few together. A node may come back while its life before, which was closed or
  /// destroyed, still hangs.
  [[nodiscard]] virtual std::shared_ptr<INetworkManager> add_node(const TestNode& node) = 0;

  /// Where a node is, was last, or, if it has never been there, will be. Until it is there,
  /// dialling it is refused.
  [[nodiscard]] virtual PeerAddress address(const std::string& name) = 0;

  /// What a transport or its testbed may lack.
  enum class Feature {
    kDropConnection,
    kIsolate,
    kFlipBit,
    kKeepAlive,    ///< pings, and `TestNode::quick_keep_alive`
    kAdmission,    ///< `TestNode::admit`, `max_unconfigured_peers`
    kTotalBudget,  ///< `TestNode::max_queued_bytes`
    kGather,       ///< payloads leave from the memory that the sender gave
  };
  /// Why there is no such thing; empty: there is. Tests that need what is lacking are skipped and
  /// say so.
  [[nodiscard]] virtual std::string lacks(Feature feature) const {
    (void)feature;
    return {};
  }

  // Faults. Both nodes have been added before.

  /// The connection between two nodes breaks at once, as by a reset, with the loss of what is under
  /// way. Both may redial.
  virtual void drop_connection(const std::string& a, const std::string& b) {
    (void)a;
    (void)b;
  }
  /// Flips a bit of the next frame with entries from one node to another, at `bit` modulo the
  /// frame's length in bits.
  virtual void flip_bit(const std::string& from, const std::string& to, std::uint64_t bit) {
    (void)from;
    (void)to;
    (void)bit;
  }
  /// Both directions between two nodes go silent, as by a cut cable: what is sent is swallowed,
  /// nobody is told, and dialling leads nowhere. A connection that lost something breaks when it is
  /// healed, at the latest with the next message.
  virtual void isolate(const std::string& a, const std::string& b) {
    (void)a;
    (void)b;
  }
  virtual void heal(const std::string& a, const std::string& b) {
    (void)a;
    (void)b;
  }
};

/// A transport that the kit is run on: the parameter of all its tests.
struct NetworkUnderTest {
  std::string name;  ///< letters and digits; ends the names of the tests
  std::function<std::unique_ptr<NetworkTestbed>()> make_testbed;
};

inline std::ostream& operator<<(std::ostream& out, const NetworkUnderTest& network) {
  return out << network.name;
}

[[nodiscard]] inline std::string name_of(
    const ::testing::TestParamInfo<NetworkUnderTest>& parameter) {
  return parameter.param.name;
}

}  // namespace lockstep::testing
