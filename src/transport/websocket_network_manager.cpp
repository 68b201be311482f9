#include "lockstep/websocket_network_manager.hpp"

#include <fcntl.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <utility>

#include "runtime/strand_executor.hpp"
#include "transport/network_core.hpp"
#include "transport/websocket_carrier.hpp"

namespace lockstep {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using transport::AsioStrand;
using transport::TcpAcceptor;

class Manager final : public transport::CoreFacade<WebSocketNetworkManager> {
 public:
  Manager(std::shared_ptr<transport::NetworkCore> core, std::shared_ptr<Runtime> runtime,
          std::uint16_t port)
      : CoreFacade(std::move(core), std::move(runtime)), port_(port) {}
  std::uint16_t local_port() const override { return port_; }

  Result<> connect(const PeerAddress& peer, DoneHandler done) override {
    if (peer.host.empty() || peer.port == 0) {
      return Error(Errc::kInvalidArgument,
                   "node " + peer.node.str() + " needs a host and a port other than 0");
    }
    return CoreFacade::connect(peer, std::move(done));
  }

 private:
  std::uint16_t port_;
};

Result<> check_supported(const WebSocketNetworkOptions& options) {
  if (options.security.mode != NetworkSecurity::Mode::kNone) {
    return Error(Errc::kNotSupported, "security.mode: only kNone is there yet");
  }
  if (options.accept_collection_store) {
    return Error(Errc::kNotSupported, "accept_collection_store: not there yet");
  }
  return {};
}

transport::CoreOptions core_options(const WebSocketNetworkOptions& options, Runtime& runtime) {
  transport::CoreOptions result;
  result.node = options.node;
  result.boot = options.boot;
  if (result.boot == BootNumber{}) {
    result.boot = BootNumber(static_cast<std::uint64_t>(runtime.wall_clock_ms()));
  }
  result.link.dial_timeout = options.dial_timeout;
  result.link.handshake_timeout = options.handshake_timeout;
  result.link.redial_min = options.redial_min;
  result.link.redial_max = options.redial_max;
  result.link.ping_interval = options.ping_interval;
  result.link.missed_pings = options.missed_pings;
  result.link.close_timeout = options.close_timeout;
  result.budgets = {options.max_queued_bytes_per_peer, options.max_queued_bytes};
  result.max_entry_bytes = options.max_entry_bytes;
  result.max_unconfigured_peers = options.max_unconfigured_peers;
  result.admit = options.admit;
  result.log = options.log;
  return result;
}

/// Where sockets live, and how tasks get there.
struct SerialExecutor {
  AsioStrand sockets;
  std::shared_ptr<IExecutor> tasks;
};

SerialExecutor serial_executor(AsioRuntime& runtime) {
  if (runtime.is_serial()) return {runtime.io_executor(), runtime.make_strand()};
  const TypedStrand strand = asio::make_strand(runtime.io_executor());
  return {strand, std::make_shared<StrandExecutor>(strand)};
}

/// Binds to the first address of the host that lets it.
boost::system::error_code listen(TcpAcceptor& acceptor, const std::string& host,
                                 std::uint16_t port) {
  boost::system::error_code error;
  asio::io_context context;  // blocks here, and only for a host name
  tcp::resolver resolver(context);
  const auto found = resolver.resolve(
      host, std::to_string(port), tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error) return error;
  for (const auto& candidate : found) {
    acceptor.open(candidate.endpoint().protocol(), error);
    if (!error) ::fcntl(acceptor.native_handle(), F_SETFD, FD_CLOEXEC);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor.bind(candidate.endpoint(), error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (!error) return error;
    boost::system::error_code ignored;
    acceptor.close(ignored);
  }
  return error;
}

}  // namespace

Result<std::shared_ptr<WebSocketNetworkManager>> WebSocketNetworkManager::create(
    WebSocketNetworkOptions options, std::shared_ptr<AsioRuntime> runtime) {
  if (!runtime) return Error(Errc::kInvalidArgument, "runtime: is empty");
  if (auto checked = to_result(check(options)); !checked) return checked.error();
  if (auto checked = check_supported(options); !checked) return checked.error();

  const SerialExecutor strand = serial_executor(*runtime);
  TcpAcceptor acceptor(strand.sockets);
  std::uint16_t port = 0;
  if (!options.listen_host.empty()) {
    if (const auto error = listen(acceptor, options.listen_host, options.listen_port)) {
      return Error(Errc::kListenFailed, "cannot listen on " + options.listen_host + " port " +
                                            std::to_string(options.listen_port) + ": " +
                                            error.message());
    }
    boost::system::error_code ignored;
    port = acceptor.local_endpoint(ignored).port();
  }
  auto carrier = std::make_shared<transport::WebSocketCarrier>(
      transport::WebSocketCarrier::Options{
          options.node, options.handshake_timeout, {options.receive_buffer_bytes}, options.faults},
      runtime, strand.sockets, strand.tasks, std::move(acceptor));
  auto core = std::make_shared<transport::NetworkCore>(core_options(options, *runtime), runtime,
                                                       strand.tasks, std::move(carrier));
  core->start();
  return std::shared_ptr<WebSocketNetworkManager>(
      std::make_shared<Manager>(std::move(core), runtime, port));
}

}  // namespace lockstep
