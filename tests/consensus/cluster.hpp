#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "consensus/checkers.hpp"
#include "consensus/core.hpp"
#include "consensus/disk.hpp"
#include "consensus/fixtures.hpp"
#include "consensus/network.hpp"

namespace lockstep::consensus::test {

/// What an engine has applied, and where: the snapshots of these tests.
struct Image {
  std::vector<Entry> applied;
  SnapshotOffer offer;
  Boundary boundary;
};

/// One process around a core: it executes effects in the order that they demand.
struct Node {
  // What a crash leaves.
  Disk* disk = nullptr;
  std::vector<Entry> applied;
  int generation = 0;

  // What it does not.
  std::optional<Core> core;
  std::optional<Error> failure;
  WriteNumber durable;
  struct Held {
    WriteNumber until_durable;
    std::vector<PeerMessage> messages;
  };
  std::deque<Held> held;
  std::deque<ReadWanted> reads;
  /// Of a read that was made, and is not told yet.
  std::function<void(Core&)> read_answer;
  /// Of a snapshot that is being received.
  SnapshotId spool;
  std::uint64_t spooled_bytes = 0;
  std::optional<SnapshotId> to_install;
  std::optional<Error> answer;
  std::vector<Notice> notices;

  // What the test wants of it.
  bool holds_syncs = false;
  bool holds_reads = false;
  bool holds_installs = false;
  /// How far its clock is ahead of the others'.
  std::chrono::milliseconds clock{0};

  [[nodiscard]] bool is_up() const { return core.has_value() && !failure; }
};

/// Nodes, their disks, links and time, all in one thread: nothing happens but what is asked for. By
/// default writes are durable at once and messages wait until they are delivered.
class Cluster {
 public:
  Cluster() = default;
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  CoreOptions options = test_options();
  /// The logs know where the newest configuration is, though it may be damaged. Of what else is
  /// damaged the kind is lost.
  bool logs_tell_configurations = true;

  void add_node(const NodeId& name, Stored stored);
  /// With an empty disk of its own.
  void add_empty_node(const NodeId& name, int generation = 0);
  /// As after a bootstrap of these members.
  void add_founded(const std::vector<NodeId>& members);
  /// Replaces the disk of a node that is down.
  void set_disk(const NodeId& name, Stored stored);

  void start(const NodeId& name);
  /// Loses what is not durable, except the oldest `keep_writes` writes, and every message under
  /// way.
  void crash(const NodeId& name, std::size_t keep_writes = 0);
  void connect(const NodeId& a, const NodeId& b);
  void disconnect(const NodeId& a, const NodeId& b);

  /// One event of a node, and all that follows from it at once.
  void event(const NodeId& name, const std::function<void(Core&)>& happen);
  [[nodiscard]] CallId campaign(const NodeId& name);
  void propose(const NodeId& name, const std::vector<std::string>& payloads);
  void bootstrap(const NodeId& name, const std::vector<NodeId>& members);
  /// `operation` 0: none.
  void change_members(const NodeId& name, MemberChange kind, const NodeId& member,
                      std::uint8_t operation = 0);
  void receive(const NodeId& to, const PeerMessage& message);
  /// The oldest message of the link. Precondition: there is one.
  void deliver(const NodeId& from, const NodeId& to);
  /// Makes the oldest write durable. False: there is none.
  bool sync_one(const NodeId& name);
  /// Makes the oldest read, for `read_one` to answer: with what the log holds now. False: there is
  /// none, or one is made already.
  bool begin_read(const NodeId& name);
  /// Answers the oldest read. False: there is none.
  bool read_one(const NodeId& name);
  bool fail_read(const NodeId& name);
  /// The engine takes the snapshot that waits for it. False: there is none.
  bool install_one(const NodeId& name);
  /// Releases the log up to there, or as far as is applied, whoever may need it.
  void release(const NodeId& name, Index up_to);
  void set_full(const NodeId& name, bool full);
  /// What found no room is tried again.
  void write_again(const NodeId& name);
  /// Entries of a disk without unsynced writes rot; a node that is up finds out at once, and still
  /// knows their terms.
  void rot(const NodeId& name, IndexRange range, bool loses_terms = false);
  /// Delivers until nothing is under way. False: that does not happen.
  [[nodiscard]] bool settle();
  /// Time passes for all in steps of 10 ms, messages are delivered in between.
  void advance(std::chrono::milliseconds duration);
  void tick_all(std::chrono::milliseconds step);
  /// Time passes for one node alone.
  void tick(const NodeId& name, std::chrono::milliseconds step);

  [[nodiscard]] Node& node(const NodeId& name) { return nodes_.at(name); }
  [[nodiscard]] std::map<NodeId, Node>& nodes() { return nodes_; }
  [[nodiscard]] const std::map<NodeId, Node>& nodes() const { return nodes_; }
  [[nodiscard]] Network& network() { return network_; }
  [[nodiscard]] const Disk& disk(const NodeId& name) const { return disks_.at(name); }
  [[nodiscard]] const Checkers& checkers() const { return checkers_; }
  [[nodiscard]] Sha256& sha() { return sha_; }
  /// Messages sent since the last `forget_counts`, by `kind from to`.
  [[nodiscard]] std::size_t sent(const std::string& kind, const NodeId& from, const NodeId& to);
  void forget_counts() { sent_.clear(); }

  /// What happened, for people; kept only if asked for.
  bool keeps_trace = false;
  [[nodiscard]] const std::vector<std::string>& trace() const { return trace_; }
  void note(std::string line);

 private:
  void tell_commits();
  void execute(const NodeId& name, Effects effects);
  void send(const NodeId& from, const PeerMessage& message);
  void send_held(const NodeId& name);
  void submit(const NodeId& name, const LogWrite& write);
  void submit_repair(const NodeId& name, std::vector<Entry> copies);
  void apply(const NodeId& name, Index up_to);
  void drain(const NodeId& name);
  void offer_snapshot(const NodeId& name, const SnapshotWanted& wanted);
  void spool(const NodeId& name, const PieceReceived& received);
  [[nodiscard]] PeerMessage with_entries(const NodeId& from, PeerMessage message);

  std::map<NodeId, Disk> disks_;
  std::map<NodeId, Node> nodes_;
  Network network_;
  Checkers checkers_{disks_};
  Sha256 sha_;
  MonotonicTime now_{std::chrono::hours(1)};
  std::uint64_t last_call_ = 0;
  bool writing_again_ = false;
  std::uint64_t starts_ = 0;
  std::uint8_t clusters_drawn_ = 0;
  std::map<SnapshotId, Image> images_;
  std::map<std::string, std::size_t> sent_;
  std::vector<std::string> trace_;
};

}  // namespace lockstep::consensus::test
