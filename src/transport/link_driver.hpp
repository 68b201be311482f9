#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "link/peer_link.hpp"
#include "lockstep/runtime.hpp"
#include "transport/admission.hpp"
#include "transport/frame_stream.hpp"
#include "transport/log_limiter.hpp"
#include "transport/notifier.hpp"
#include "transport/session.hpp"

namespace lockstep::transport {

struct DriverOptions {
  link::LocalNode local;
  link::LinkOptions link;
  std::size_t max_entry_bytes = 0;
  std::size_t max_unconfigured_peers = 64;
  AdmissionPolicy admit;
};

/// Everything a transport does on its strand: carries out what the links ask for, on the streams of
/// a carrier, and tells the links, the host and the counters what came of it. Every method is
/// called on the strand.
class LinkDriver final : public ISessionOwner {
 public:
  using DoneHandler = INetworkManager::DoneHandler;

  LinkDriver(DriverOptions options, std::shared_ptr<Runtime> runtime,
             std::shared_ptr<IExecutor> strand, std::shared_ptr<ICarrier> carrier,
             std::shared_ptr<Notifier> notifier, Admission& admission);
  ~LinkDriver() override;

  /// Nothing that the driver has under way comes back once `keep` has expired.
  void start(std::weak_ptr<void> keep);
  void connect(const PeerAddress& address, DoneHandler done);
  void disconnect(const NodeId& node, DoneHandler done);
  void set_cluster(ClusterId cluster);
  /// Moves what was accepted to the connections it was accepted for.
  void send_accepted();
  /// Sends what is queued, closes everything in order, then calls `done`.
  void close(DoneHandler done);
  /// Ends everything at once.
  void abort();

 private:
  struct Peer {
    Peer(link::LocalNode& local, NodeId node, const link::LinkOptions& options,
         std::shared_ptr<TrafficCounters> traffic)
        : id(node), link(local, std::move(node), options), counters(std::move(traffic)) {}
    NodeId id;
    link::PeerLink link;
    std::shared_ptr<TrafficCounters> counters;
    std::optional<PeerAddress> address;
    std::vector<DoneHandler> waiting_for_up;
    std::vector<DoneHandler> waiting_for_end;
    std::unique_ptr<Runtime::Timer> timer;
    std::optional<link::Time> timer_at;
    std::uint64_t timer_number = 0;
  };
  struct Connection {
    NodeId peer;
    link::Time begun{0};
    std::function<void()> give_up_dial;
    std::shared_ptr<Session> session;
  };

  void on_bytes(link::ConnectionId id) override;
  void on_pong(link::ConnectionId id, std::uint64_t number) override;
  [[nodiscard]] bool may_receive_messages(link::ConnectionId id) override;
  void on_received(link::ConnectionId id, wire::Received received) override;
  void on_bad_frame(link::ConnectionId id, const Error& error) override;
  void on_closed(link::ConnectionId id, const Error& error) override;
  void on_accepted(const NodeId& node, ICarrier::Stream stream);
  void on_refused(const NodeId& node, const Error& error);
  void on_dial_ended(link::ConnectionId id, Result<ICarrier::Stream> stream);
  void on_timer(const NodeId& node, std::uint64_t number);
  void on_message(Peer& peer, link::ConnectionId id, ReplicationMessage&& message);
  /// Whether a peer with a good HELLO may come in.
  [[nodiscard]] Result<> judge(const wire::Hello& hello);

  void execute(Peer& peer, link::Actions actions);
  void carry_out(Peer& peer, const link::Dial& action);
  void carry_out(Peer& peer, const link::Send& action);
  void carry_out(Peer& peer, const link::Ping& action);
  void carry_out(Peer& peer, const link::Up& action);
  void carry_out(Peer& peer, const link::Down& action);
  void carry_out(Peer& peer, const link::Close& action);
  void carry_out(Peer& peer, const link::Failed& action);
  void count(const Peer& peer, const link::Failed& failure);

  [[nodiscard]] link::Time now() const;
  [[nodiscard]] link::Moment moment();
  [[nodiscard]] Peer& peer_of(const NodeId& node);
  [[nodiscard]] Peer* find_peer(link::ConnectionId id);
  [[nodiscard]] CounterPair counters(const Peer& peer) {
    return {*peer.counters, admission_.total()};
  }
  void open_session(Peer& peer, link::ConnectionId id, ICarrier::Stream stream);
  /// Logs what others can cause, so not without end.
  void warn(LogLevel level, const std::string& text);
  void finish_message(const NodeId& node, Outgoing message, const Error& error);
  [[nodiscard]] std::size_t handshakes_under_way() const;
  [[nodiscard]] std::vector<NodeId> nodes() const;
  [[nodiscard]] std::size_t connections_of(const NodeId& node) const;
  [[nodiscard]] std::size_t other_unconfigured_peers(const NodeId& node) const;
  void arm(Peer& peer);
  /// Forgets a peer with which nothing is left to do; tells who waited for an end.
  void tidy(const NodeId& node);
  void complete_all(std::vector<DoneHandler>& waiting, const Error& outcome);
  void finish_if_closed();
  /// `call`, for as long as this driver lives.
  template <class... Arguments>
  [[nodiscard]] std::function<void(Arguments...)> alive(std::function<void(Arguments...)> call) {
    return [keep = keep_, call = std::move(call)](Arguments... arguments) {
      if (const auto kept = keep.lock()) call(std::forward<Arguments>(arguments)...);
    };
  }

  DriverOptions options_;
  std::shared_ptr<Runtime> runtime_;
  std::shared_ptr<IExecutor> strand_;
  std::shared_ptr<ICarrier> carrier_;
  std::shared_ptr<Notifier> notifier_;
  Admission& admission_;
  std::weak_ptr<void> keep_;
  std::map<NodeId, Peer> peers_;
  std::map<link::ConnectionId, Connection> connections_;
  wire::FrameEncoder encoder_;
  LogLimiter log_limiter_;
  std::vector<DoneHandler> waiting_for_close_;
  bool closing_ = false;
  bool closed_ = false;
};

}  // namespace lockstep::transport
