#include "demo.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <numeric>
#include <stdexcept>

#include "data_folder.hpp"
#include "patience.hpp"

namespace lockstep_demo {
namespace {

using namespace lockstep;  // NOLINT: an example of its use
using Seconds = std::chrono::duration<double>;

std::string count(std::size_t n, const char* one, const char* many) {
  return std::to_string(n) + " " + (n == 1 ? one : many);
}

}  // namespace

Demo::Demo(std::size_t nodes, bool elected, const std::filesystem::path& folder,
           const CollectionStoreInput& input, Narrator& narrator)
    : elected_(elected), folder_(folder), input_(input), narrator_(narrator) {
  for (std::size_t i = 1; i <= nodes; ++i) {
    const std::string name = "node-" + std::to_string(i);
    std::filesystem::create_directories(folder / name);
    nodes_.push_back(std::make_unique<DemoNode>(
        NodeId(name), folder / name, elected_ ? Leadership::kElected : Leadership::kAssigned));
  }
  summary_.entries = input.entries.size();
  summary_.payload_bytes = input.statistics.bytes;
  summary_.repeated_sequence_numbers = input.statistics.repeated_sequence_numbers;
}

Summary Demo::run() {
  start_nodes();
  found_group();
  replicate_sync();
  replicate_async();
  stop_and_return_a_follower();
  damage_a_frame();
  listen_to_heartbeats();
  if (elected_) {
    invite_and_dismiss_a_member();
    part_the_leader();
    kill_the_leader();
  } else {
    move_leadership();
  }
  compare_nodes();
  for (const auto& node : nodes_) node->stop();
  return summary_;
}

void Demo::start_nodes() {
  for (const auto& node : nodes_) node->start();
  for (const auto& node : nodes_) {
    for (const auto& peer : nodes_) {
      if (peer != node) node->connect_to(*peer);
    }
  }
  const bool meshed = wait_until([&] {
    return std::ranges::all_of(nodes_, [&](const auto& node) {
      return node->network().connected_nodes().size() == nodes_.size() - 1;
    });
  });
  check("nodes connected", meshed, "each to every other, over WebSockets on loopback");
}

void Demo::found_group() {
  std::vector<NodeId> members;
  for (const auto& node : nodes_) members.push_back(node->id());
  if (leader().manager().status().bootstrapped) {
    narrator_.say("the folder holds a group already: its log goes on");
    if (!elected_) choose_first_leader();
    // Of a run that was cut short while it was a member.
    if (elected_ && std::filesystem::exists(folder_ / kGuestName)) bring_guest();
  } else {
    const Error error = outcome_of(leader().manager().bootstrap(members), "bootstrap");
    check("group founded", !error, error.message);
  }
  if (elected_) {
    follow_the_election("in an election of their own");
  } else {
    lead(leader());
  }
  if (guest_) remove_guest();
  if (!write_marker("start")) throw std::runtime_error("the first write was not committed");
  // A folder of an earlier run replays that run's entries first.
  const Index start = leader().manager().status().commit_index;
  const bool replayed =
      wait_until([&] { return leader().manager().status().last_applied >= start; });
  if (!replayed) throw std::runtime_error("the log was not replayed within a minute");
  deliveries_before_ = leader().engine().report().deliveries;
}

/// An earlier run may have ended anywhere: whoever has the newest log can win an election.
void Demo::choose_first_leader() {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    leader_ = i;
    if (try_to_lead(leader()) != Errc::kLogBehind) return;
  }
}

/// An election begun by hand may meet a peer that is just reconnecting, so it is tried again.
Error Demo::try_to_lead(DemoNode& node) {
  Error error;
  const bool settled = wait_until([&] {
    error = outcome_of(node.manager().set_role(Role::kLeader), "set_role");
    return !error || error == Errc::kLogBehind;
  });
  return settled ? error : Error(Errc::kTimedOut, error.message);
}

void Demo::lead(DemoNode& node) {
  const Error error = try_to_lead(node);
  const bool led = !error;
  const std::uint64_t term = node.manager().status().term.value();
  check(node.id().str() + " leads by the operator's word", led,
        led ? "term " + std::to_string(term) : error.message);
}

void Demo::replicate_sync() {
  const Payloads entries = next_entries(0.4);
  narrator_.say("SYNC: " + count(entries.size(), "entry", "entries") +
                ", each acknowledged by a majority");
  const auto begin = std::chrono::steady_clock::now();
  const bool held = stream("committed", entries, ReplicationMode::kSync);
  const Seconds took = std::chrono::steady_clock::now() - begin;
  summary_.throughput_per_s = static_cast<double>(entries.size()) / std::max(took.count(), 1e-9);
  const Histogram latency = leader().metrics().commit_latency;
  summary_.latency_p50 = latency.quantile(0.5);
  summary_.latency_p99 = latency.quantile(0.99);
  check("SYNC", held, count(entries.size(), "entry", "entries") + " committed");
}

void Demo::replicate_async() {
  const Payloads entries = next_entries(0.2);
  narrator_.say("ASYNC: " + count(entries.size(), "entry", "entries") +
                ", acknowledged by the leader's disk");
  bool held = stream("locally durable", entries, ReplicationMode::kAsync);
  for (const auto& node : nodes_) held = held && (node->id() == leader().id() || level(*node));
  check("ASYNC", held,
        count(entries.size(), "entry", "entries") + " locally durable, then on every node");
}

void Demo::stop_and_return_a_follower() {
  DemoNode& follower = last_follower();
  narrator_.say("stopping " + follower.id().str() + "; writes go on");
  follower.stop();
  const Payloads entries = next_entries(0.15);
  bool held = write_marker("while a follower is away");
  held = stream("committed", entries, ReplicationMode::kSync) && held;
  const ReplicationStatus status = leader().manager().status();
  const auto lag = std::ranges::find(status.followers, follower.id(), &FollowerStatus::node);
  const std::uint64_t behind = lag == status.followers.end() ? 0 : lag->lag_entries;

  narrator_.say("starting " + follower.id().str() + " again, " + count(behind, "entry", "entries") +
                " behind");
  follower.start();
  reconnect(follower);
  held = level(follower) && held;
  check("follower stopped and back", held && behind > 0,
        count(entries.size(), "entry", "entries") + " committed without it; it caught up on " +
            count(behind, "entry", "entries"));
}

void Demo::damage_a_frame() {
  DemoNode& follower = last_follower();
  const Payloads entries = next_entries(0.1);
  narrator_.say("flipping a bit in a frame to " + follower.id().str());
  const std::uint64_t before = follower.traffic().checksum_rejections;
  leader().faults().flip_bit_in_next_entry_frame(follower.id(), 8 * 150);
  bool held = write_marker("to be damaged on the wire");
  held = stream("committed", entries, ReplicationMode::kSync) && held;
  held = wait_until([&] { return follower.traffic().checksum_rejections > before; }) && held;
  held = level(follower) && held;
  check("damaged frame", held,
        "refused and counted by " + follower.id().str() + ", which then got it whole");
}

void Demo::listen_to_heartbeats() {
  const auto received = [&] {
    std::vector<std::uint64_t> counts;
    for (const auto& node : nodes_) {
      if (node->id() != leader().id()) counts.push_back(node->metrics().heartbeats_received);
    }
    return counts;
  };
  narrator_.say("idle: only heartbeats");
  const std::vector<std::uint64_t> before = received();
  const bool held = wait_until([&] {
    const std::vector<std::uint64_t> now = received();
    for (std::size_t i = 0; i < now.size(); ++i) {
      if (now[i] < before[i] + 3) return false;
    }
    return true;
  });
  check("heartbeats", held, "received by every follower while nothing was written");
}

void Demo::move_leadership() {
  DemoNode& old_leader = leader();
  const std::size_t next = (leader_ + 1) % nodes_.size();
  narrator_.say("cutting " + old_leader.id().str() + " off; " + nodes_[next]->id().str() +
                " is told to lead");
  cut_off(old_leader);
  leader_ = next;
  lead(leader());

  // The old leader has heard nothing of it and takes a write, which no majority will ever hold.
  const bool believes = old_leader.manager().status().role == Role::kLeader;
  const std::string stale = std::string(kMarkerPrefix) + "of a leader that is none any more";
  std::future<WriteOutcome> stale_outcome = old_leader.manager().replicate(Payload(stale));

  const Payloads entries = next_entries(1.0);
  bool held = write_marker("of the new leader");
  held = stream("committed", entries, ReplicationMode::kSync) && held;
  const bool unacknowledged =
      stale_outcome.wait_for(std::chrono::seconds{0}) != std::future_status::ready;

  narrator_.say("healing; the old leader learns of the new term");
  heal(old_leader);
  const bool fenced =
      wait_until([&] { return old_leader.manager().status().role == Role::kFollower; });
  const WriteOutcome outcome = outcome_of(std::move(stale_outcome), "the old leader's write");
  const bool was_not_acknowledged = unacknowledged && std::holds_alternative<WriteUnknown>(outcome);
  held = level(old_leader) && held;
  const bool replaced = wait_until([&] { return old_leader.metrics().entries_truncated > 0; });
  check("leadership moved", held,
        count(entries.size(), "entry", "entries") + " committed by " + leader().id().str());
  check("old leader fenced", believes && fenced && was_not_acknowledged && replaced,
        "it still believed, its write was never acknowledged (" + to_string(outcome) +
            ") and was replaced");
}

void Demo::compare_nodes() {
  const Index committed = leader().manager().status().commit_index;
  const bool applied = wait_until([&] {
    return std::ranges::all_of(nodes_, [&](const auto& node) {
      return node->manager().status().last_applied >= committed;
    });
  });
  summary_.converged = applied;
  PeerCounters traffic;
  for (const auto& node : nodes_) {
    const EngineReport report = node->engine().report();
    summary_.nodes.push_back({node->id().str(), report});
    summary_.deliveries += report.deliveries;
    summary_.converged = summary_.converged &&
                         report.contents_sha256 == summary_.nodes.front().engine.contents_sha256;
    traffic.add(node->traffic());
    summary_.heartbeats += node->metrics().heartbeats_received;
    summary_.elections += node->metrics().elections_won;
    summary_.snapshots += node->metrics().snapshots_installed;
  }
  summary_.expected_deliveries = (deliveries_before_ + summary_.entries) * nodes_.size();
  summary_.checksum_rejections = traffic.checksum_rejections;
  summary_.reconnects = traffic.reconnects;
  summary_.failed_replications = entry_stream_.failures();
  summary_.lost_acknowledged_writes = lost_acknowledged_writes();
  check("every entry delivered to every node", summary_.deliveries == summary_.expected_deliveries,
        std::to_string(summary_.deliveries) + "/" + std::to_string(summary_.expected_deliveries));
  check("no write failed", summary_.failed_replications == 0, entry_stream_.first_failure());
  check(
      "no acknowledged write lost", summary_.lost_acknowledged_writes == 0,
      count(entry_stream_.acknowledged().size(), "write", "writes") + " looked for on every node");
  check("contents equal on all nodes", summary_.converged);
}

Demo::Payloads Demo::next_entries(double share) {
  const auto wanted = static_cast<std::size_t>(share * static_cast<double>(input_.entries.size()));
  const std::size_t left = input_.entries.size() - next_entry_;
  const std::size_t taken = std::min(left, share >= 1.0 ? left : std::max<std::size_t>(wanted, 1));
  Payloads payloads;
  for (std::size_t i = 0; i < taken; ++i) payloads.push_back(input_.entries[next_entry_++].line);
  return payloads;
}

bool Demo::stream(const std::string& what, const Payloads& payloads, ReplicationMode mode) {
  return entry_stream_.run(leader().manager(), payloads, mode, [&](std::size_t done) {
    narrator_.progress(what, done, payloads.size());
  });
}

bool Demo::write_marker(const std::string& text) {
  const std::string payload = std::string(kMarkerPrefix) + text;
  const WriteOutcome outcome =
      outcome_of(leader().manager().replicate(Payload(payload)), "replicate");
  return std::holds_alternative<WriteCommitted>(outcome);
}

/// The node before the leader, in the ring of all: not the one that will lead next.
DemoNode& Demo::last_follower() { return *nodes_[(leader_ + nodes_.size() - 1) % nodes_.size()]; }

/// Waits until the follower has everything that the leader has.
bool Demo::level(DemoNode& follower) {
  return wait_until([&] {
    const Error error =
        outcome_of(leader().manager().sync_with_node(follower.id()), "sync_with_node");
    return !error;
  });
}

void Demo::cut_off(DemoNode& node) {
  cut_off_ = &node;
  for (const auto& other : nodes_) {
    if (other->id() == node.id()) continue;
    node.faults().isolate(other->id());
    other->faults().isolate(node.id());
  }
}

void Demo::heal(DemoNode& node) {
  cut_off_ = nullptr;
  for (const auto& other : nodes_) {
    node.faults().heal(other->id());
    other->faults().heal(node.id());
  }
}

void Demo::reconnect(DemoNode& node) {
  for (const auto& other : nodes_) {
    if (other->id() == node.id()) continue;
    node.connect_to(*other);
    other->connect_to(node);
  }
}

std::uint64_t Demo::lost_acknowledged_writes() const {
  std::uint64_t lost = 0;
  for (const auto& [index, payload] : entry_stream_.acknowledged()) {
    const bool is_held = std::ranges::all_of(
        nodes_, [&](const auto& node) { return node->engine().holds(index, payload); });
    if (!is_held) ++lost;
  }
  return lost;
}

void Demo::check(std::string name, bool held, std::string detail) {
  narrator_.say((held ? "ok: " : "FAILED: ") + name + (detail.empty() ? "" : ": " + detail));
  summary_.checks.push_back({std::move(name), held, std::move(detail)});
}

}  // namespace lockstep_demo
