#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lockstep/asio_runtime.hpp"
#include "lockstep/error.hpp"
#include "lockstep/export.hpp"
#include "lockstep/logging.hpp"
#include "lockstep/network_manager.hpp"

namespace lockstep {

namespace testing {
class WireFaults;
}

/// How peers prove who they are and keep others from listening. Only `kNone` works so far: SHA-256
/// finds damage, it does not prove who sent a frame, so run it on a network that you trust.
struct NetworkSecurity {
  enum class Mode { kNone, kTls };
  Mode mode = Mode::kNone;
  std::string certificate_file;
  std::string private_key_file;
  std::string authority_file;
};

struct WebSocketNetworkOptions {
  NodeId node{};
  /// Grows at each start of the process, so that a connection of the process before is superseded.
  /// 0: the wall clock's milliseconds at creation.
  BootNumber boot{};

  /// Empty: do not listen, only dial.
  std::string listen_host = "127.0.0.1";
  /// 0: chosen by the system; see `local_port`.
  std::uint16_t listen_port = 0;

  std::chrono::milliseconds dial_timeout{5000};
  std::chrono::milliseconds handshake_timeout{5000};
  std::chrono::milliseconds redial_min{50};
  std::chrono::milliseconds redial_max{5000};
  std::chrono::milliseconds ping_interval{2000};
  /// A peer from which nothing has come for this many intervals is taken for dead.
  int missed_pings = 3;
  std::chrono::milliseconds close_timeout{2000};

  /// Queued and unsent bytes to one peer, and to all together; beyond it `kOverloaded`.
  std::size_t max_queued_bytes_per_peer = std::size_t{64} << 20;
  std::size_t max_queued_bytes = std::size_t{256} << 20;
  /// Bytes that the kernel may hold received and unread, of each connection. A heartbeat arrives
  /// behind them, so little is quick; with a long round trip as much is needed as is to be sent
  /// during one. 0: the system's own limit, which grows to megabytes.
  int receive_buffer_bytes = 256 * 1024;
  /// The largest payload of an entry that is taken in.
  std::size_t max_entry_bytes = std::size_t{16} << 20;
  /// Connected peers that this node was not told to `connect` to. One more is refused
  /// (kOverloaded), so that strangers cost a bounded amount of memory.
  std::size_t max_unconfigured_peers = 64;
  /// Which nodes may connect. Empty: all.
  AdmissionPolicy admit{};
  /// Accept nodes of Collection Store, which speak JSON text and offer no sub-protocol. Not there
  /// yet: `kNotSupported`.
  bool accept_collection_store = false;

  NetworkSecurity security{};
  LogSink log{};
  /// Faults on demand, for tests and the demo. Leave empty.
  std::shared_ptr<testing::WireFaults> faults{};
};

/// Everything that is wrong with the options; empty when they are fit for use.
[[nodiscard]] LOCKSTEP_EXPORT std::vector<OptionProblem> check(
    const WebSocketNetworkOptions& options);

/// The real transport: WebSocket (RFC 6455), sub-protocol `lockstep.v1`, over Boost.Beast.
class LOCKSTEP_EXPORT WebSocketNetworkManager : public INetworkManager {
 public:
  /// Binds and listens before it returns. Errors: kInvalidArgument, kNotSupported (security,
  /// Collection Store), kListenFailed.
  [[nodiscard]] static Result<std::shared_ptr<WebSocketNetworkManager>> create(
      WebSocketNetworkOptions options, std::shared_ptr<AsioRuntime> runtime);

  /// The port that peers can dial; 0 when not listening.
  [[nodiscard]] virtual std::uint16_t local_port() const = 0;
};

}  // namespace lockstep
