// What the demo shows when the nodes elect their leader.
#include <algorithm>
#include <chrono>
#include <thread>

#include "data_folder.hpp"
#include "demo.hpp"
#include "patience.hpp"

namespace lockstep_demo {
namespace {

using namespace lockstep;  // NOLINT: an example of its use
using Clock = std::chrono::steady_clock;

constexpr std::chrono::minutes kLongestElection{1};

bool names(const std::vector<Member>& members, const NodeId& node) {
  return std::ranges::count(members, node, &Member::node) > 0;
}

}  // namespace

/// Asks closely, because the time until there is one is told.
bool Demo::await_leader() {
  for (const auto begin = Clock::now(); Clock::now() - begin < kLongestElection;) {
    if (guest_) send_guest_back();
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const bool leads = nodes_[i]->is_running() && nodes_[i].get() != cut_off_ &&
                         nodes_[i]->manager().status().role == Role::kLeader;
      if (!leads) continue;
      leader_ = i;
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  return false;
}

/// A guest left over from a run that was cut short is a voter like any other, and may have won.
void Demo::send_guest_back() {
  if (guest_->manager().status().role != Role::kLeader) return;
  for (const auto& node : nodes_) {
    if (!outcome_of(guest_->manager().transfer_leadership(node->id()), "transfer_leadership")) {
      return;
    }
  }
}

void Demo::follow_the_election(const std::string& why) {
  const bool elected = await_leader();
  const ReplicationStatus status = leader().manager().status();
  check("a leader is elected", elected,
        elected ? status.node.str() + ", " + why + ", in term " + to_string(status.term)
                : "nobody leads");
}

/// The majority goes on without it; what it takes meanwhile is never acknowledged.
void Demo::part_the_leader() {
  DemoNode& old_leader = leader();
  narrator_.say("cutting " + old_leader.id().str() + ", the leader, off from the others");
  cut_off(old_leader);
  const std::string stale = std::string(kMarkerPrefix) + "of a leader that nobody hears";
  std::future<WriteOutcome> stale_outcome = old_leader.manager().replicate(Payload(stale));
  follow_the_election("by those who are left");
  const Payloads entries = next_entries(0.05);
  bool held = write_marker("of the majority");
  held = stream("committed", entries, ReplicationMode::kSync) && held;
  const bool gave_up =
      wait_until([&] { return old_leader.manager().status().role != Role::kLeader; });

  narrator_.say("healing; the old leader follows");
  heal(old_leader);
  const WriteOutcome outcome = outcome_of(std::move(stale_outcome), "the old leader's write");
  held = level(old_leader) && held;
  const bool replaced = wait_until([&] { return old_leader.metrics().entries_truncated > 0; });
  check("partition", held && gave_up,
        old_leader.id().str() + " gave up by itself; " + std::to_string(entries.size()) +
            " entries committed without it");
  check("its tail replaced", replaced && std::holds_alternative<WriteUnknown>(outcome),
        "what it took meanwhile was never acknowledged (" + to_string(outcome) + ")");
}

/// Its node is destroyed, with a write on its disk that nobody else has.
void Demo::kill_the_leader() {
  DemoNode& old_leader = leader();
  const std::uint64_t snapshots_before = old_leader.metrics().snapshots_installed;
  // Nothing leaves it any more; the others shall see its end as it is.
  cut_off_ = &old_leader;
  for (const auto& node : nodes_) old_leader.faults().isolate(node->id());
  const std::string stale = std::string(kMarkerPrefix) + "that only the killed leader has";
  const WriteOutcome local =
      outcome_of(old_leader.manager().replicate(Payload(stale), {.mode = ReplicationMode::kAsync}),
                 "replicate");
  narrator_.say("killing " + old_leader.id().str() + ", the leader");
  const auto killed_at = Clock::now();
  old_leader.kill();
  heal(old_leader);
  const bool elected = await_leader();
  bool held = elected && write_marker("after the leader's end");
  summary_.failover = Clock::now() - killed_at;
  const Payloads entries = next_entries(1.0);
  held = stream("committed", entries, ReplicationMode::kSync) && held;
  check("leader killed", held,
        leader().id().str() + " leads; " + std::to_string(entries.size()) +
            " entries committed without it");

  narrator_.say("the others store their contents and release the beginning of their logs");
  release_logs();
  narrator_.say("starting " + old_leader.id().str() + " again");
  old_leader.start();
  reconnect(old_leader);
  held = level(old_leader);
  const bool by_snapshot =
      wait_until([&] { return old_leader.metrics().snapshots_installed > snapshots_before; });
  check("killed leader back",
        held && by_snapshot && std::holds_alternative<WriteLocallyDurable>(local),
        "what it lacked was released: it caught up by a snapshot, which took the place of its "
        "write that nobody else had");
}

/// On every node that runs, as far as it has applied; at least all that is committed.
void Demo::release_logs() {
  const Index committed = leader().manager().status().commit_index;
  for (const auto& node : nodes_) {
    if (!node->is_running()) continue;
    const bool applied =
        wait_until([&] { return node->manager().status().last_applied >= committed; });
    if (applied) node->release_log();
  }
}

void Demo::bring_guest() {
  std::filesystem::create_directories(folder_ / kGuestName);
  guest_ =
      std::make_unique<DemoNode>(NodeId(kGuestName), folder_ / kGuestName, Leadership::kElected);
  guest_->start();
  reconnect(*guest_);
}

void Demo::remove_guest() {
  const Configuration now = leader().manager().status().configuration;
  const bool is_member = names(now.voters, guest_->id()) || names(now.learners, guest_->id());
  if (is_member) {
    // A leader that is new, or an earlier change, may have to be waited for.
    Error error;
    const bool removed = wait_until([&] {
      error = outcome_of(leader().manager().remove(guest_->id(), OperationId{}), "remove");
      return error != Errc::kWrongState;
    });
    check("member removed", removed && !error, error ? error.message : guest_->id().str());
  }
  for (const auto& node : nodes_) (void)node->network().disconnect(guest_->id());
  guest_->stop();
  guest_.reset();
}

/// Live: entries are committed while the members change.
void Demo::invite_and_dismiss_a_member() {
  narrator_.say("a new node joins the group: first as a learner, then as a voter");
  bring_guest();
  Error error;
  const bool added = wait_until([&] {
    error = outcome_of(leader().manager().add_learner(guest_->id(), OperationId{}), "add_learner");
    return error != Errc::kNotConnected;
  });
  const Payloads entries = next_entries(0.05);
  bool held = stream("committed", entries, ReplicationMode::kSync);
  if (!error)
    error = outcome_of(leader().manager().promote(guest_->id(), OperationId{}), "promote");
  held = write_marker("of a group with one member more") && held && added && !error;
  held = level(*guest_) && held;
  const bool equal = wait_until([&] {
    return guest_->engine().report().contents_sha256 == leader().engine().report().contents_sha256;
  });
  const std::size_t voters = leader().manager().status().configuration.voters.size();
  check("member added", held && equal && voters == nodes_.size() + 1,
        error ? error.message
              : guest_->id().str() + " has what the others have; " + std::to_string(voters) +
                    " voters");
  remove_guest();
}

}  // namespace lockstep_demo
