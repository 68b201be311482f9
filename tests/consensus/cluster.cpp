#include "consensus/cluster.hpp"

#include <gtest/gtest.h>

#include "consensus/message_text.hpp"
#include "consensus/reading.hpp"

namespace lockstep::consensus::test {
namespace {

constexpr std::chrono::milliseconds kStep{10};
constexpr std::size_t kTooManyDeliveries = 200'000;

}  // namespace

void Cluster::add_node(const NodeId& name, Stored stored) {
  Disk& disk = disks_.emplace(name, Disk(std::move(stored))).first->second;
  nodes_[name].disk = &disk;
}

void Cluster::add_empty_node(const NodeId& name, int generation) {
  Stored stored;
  stored.identity.group = kGroup;
  stored.identity.node = name;
  stored.identity.incarnation = incarnation_of(name, generation);
  if (nodes_.contains(name)) return set_disk(name, std::move(stored));
  add_node(name, std::move(stored));
}

void Cluster::add_founded(const std::vector<NodeId>& members) {
  const BootstrapRecord record = founding_record(members);
  for (const NodeId& name : members) {
    Stored stored;
    stored.identity = {record.cluster, kGroup, record.epoch, name, incarnation_of(name)};
    stored.hard_state.current_term = Term{1};
    stored.entries.push_back(make_entry(sha_, {Index{1}, Term{1}}, "config", members));
    add_node(name, std::move(stored));
  }
}

void Cluster::set_disk(const NodeId& name, Stored stored) {
  checkers_.on_new_disk(name);
  disks_.at(name) = Disk(std::move(stored));
  nodes_.at(name).applied.clear();
}

void Cluster::start(const NodeId& name) {
  Node& node = nodes_.at(name);
  note(name.str() + " starts");
  const Index applied(node.applied.size());
  if (const auto intent = node.disk->durable().intent) {
    std::optional<Boundary> boundary;
    for (const auto& [id, image] : images_) {
      const bool is_it = image.boundary.last == intent->last && applied >= intent->last.index;
      if (is_it) boundary = image.boundary;
    }
    node.disk->finish_installation(boundary);
  }
  checkers_.on_restart(name, applied);
  CoreOptions own = options;
  own.random_seed += ++starts_;
  Recovered recovered = recover(node.disk->durable(), applied);
  if (!logs_tell_configurations) recovered.wal.newest_configuration.reset();
  node.core.emplace(own, std::move(recovered), now_ + node.clock);
  for (const auto& [other, peer] : nodes_) {
    if (other != name && peer.is_up()) connect(name, other);
  }
}

void Cluster::crash(const NodeId& name, std::size_t keep_writes) {
  Node& node = nodes_.at(name);
  note(name.str() + " crashes");
  node.disk->crash(keep_writes);
  Node after;
  after.disk = node.disk;
  after.applied = std::move(node.applied);
  after.generation = node.generation;
  after.holds_syncs = node.holds_syncs;
  after.holds_reads = node.holds_reads;
  after.holds_installs = node.holds_installs;
  after.clock = node.clock;
  node = std::move(after);
  for (const auto& [other, peer] : nodes_) {
    if (other != name) disconnect(name, other);
  }
}

void Cluster::connect(const NodeId& a, const NodeId& b) {
  if (network_.link(a, b).connected || !node(a).is_up() || !node(b).is_up()) return;
  network_.connect(a, b);
  event(a, [&](Core& core) { core.link_up(b); });
  event(b, [&](Core& core) { core.link_up(a); });
}

void Cluster::disconnect(const NodeId& a, const NodeId& b) {
  if (!network_.link(a, b).connected) return;
  network_.disconnect(a, b);
  if (node(a).is_up()) event(a, [&](Core& core) { core.link_lost(b); });
  if (node(b).is_up()) event(b, [&](Core& core) { core.link_lost(a); });
}

void Cluster::event(const NodeId& name, const std::function<void(Core&)>& happen) {
  Node& node = nodes_.at(name);
  if (!node.is_up()) return;
  happen(*node.core);
  execute(name, node.core->take_effects());
  drain(name);
}

CallId Cluster::campaign(const NodeId& name) {
  const CallId call(++last_call_);
  nodes_.at(name).answer.reset();
  event(name, [&](Core& core) { core.campaign(call); });
  return call;
}

void Cluster::propose(const NodeId& name, const std::vector<std::string>& payloads) {
  std::vector<Proposal> proposals;
  for (const std::string& payload : payloads) {
    Proposal proposal;
    proposal.payload_bytes = payload.size();
    proposal.memory = Payload(std::string_view(payload)).release();
    proposals.push_back(std::move(proposal));
  }
  event(name, [&](Core& core) { core.propose(std::move(proposals)); });
}

void Cluster::bootstrap(const NodeId& name, const std::vector<NodeId>& members) {
  const CallId call(++last_call_);
  nodes_.at(name).answer.reset();
  const auto drawn = ++clusters_drawn_;
  event(name, [&](Core& core) {
    core.bootstrap(call, members, filled_id<ClusterId>(drawn), filled_id<Epoch>(drawn));
  });
}

void Cluster::change_members(const NodeId& name, MemberChange kind, const NodeId& member,
                             std::uint8_t operation) {
  const CallId call(++last_call_);
  nodes_.at(name).answer.reset();
  OperationId::Bytes bytes{};
  bytes[0] = operation;
  event(name, [&](Core& core) { core.change_members(call, {kind, member, OperationId(bytes)}); });
}

void Cluster::receive(const NodeId& to, const PeerMessage& message) {
  checkers_.on_receive(to, message);
  event(to, [&](Core& core) { core.receive(message); });
}

void Cluster::deliver(const NodeId& from, const NodeId& to) {
  auto& queue = network_.link(from, to).queue;
  const PeerMessage message = std::move(queue.front());
  queue.pop_front();
  note(from.str() + " -> " + to.str() + "  " + text_of(message.body));
  receive(to, message);
}

/// What waits for a moment's quiet: it has come.
void Cluster::tell_commits() {
  for (const auto& [name, node] : nodes_) {
    const Leadership* leadership = node.is_up() ? node.core->leadership() : nullptr;
    if (leadership == nullptr || !leadership->next_commit_notice) continue;
    event(name, [now = now_ + node.clock](Core& core) { core.tick(now); });
  }
}

bool Cluster::settle() {
  std::size_t deliveries = 0;
  for (;;) {
    auto busy = network_.links_with_messages();
    if (busy.empty()) {
      tell_commits();
      busy = network_.links_with_messages();
    }
    if (busy.empty()) return true;
    for (const auto& [from, to] : busy) {
      if (network_.link(from, to).queue.empty()) continue;
      deliver(from, to);
      if (++deliveries == kTooManyDeliveries) return false;
    }
  }
}

void Cluster::tick_all(std::chrono::milliseconds step) {
  now_ += step;
  for (const auto& [name, node] : nodes_) {
    event(name, [&, now = now_ + node.clock](Core& core) { core.tick(now); });
  }
}

void Cluster::tick(const NodeId& name, std::chrono::milliseconds step) {
  const MonotonicTime now = now_ + (nodes_.at(name).clock += step);
  event(name, [&](Core& core) { core.tick(now); });
}

void Cluster::advance(std::chrono::milliseconds duration) {
  for (auto passed = kStep; passed <= duration; passed += kStep) {
    tick_all(kStep);
    ASSERT_TRUE(settle()) << "messages without end";
  }
}

std::size_t Cluster::sent(const std::string& kind, const NodeId& from, const NodeId& to) {
  const auto found = sent_.find(kind + " " + from.str() + " " + to.str());
  return found == sent_.end() ? 0 : found->second;
}

void Cluster::note(std::string line) {
  if (keeps_trace) trace_.push_back(std::move(line));
}

/// In the order of the fields, as `Effects` demands.
void Cluster::execute(const NodeId& name, Effects effects) {
  Node& node = nodes_.at(name);
  for (UnsealedEntry& unsealed : effects.entries_to_seal) {
    const Entry sealed =
        seal_entry(sha_, unsealed.header, std::move(unsealed.memory), unsealed.leaves);
    node.core->log().set_digest(sealed.header.index, sealed.digest);
  }
  std::set<NodeId> refused;
  for (PeerMessage& message : effects.messages_to_send_now) {
    if (network_.link(name, message.peer).connected) {
      send(name, with_entries(name, std::move(message)));
    } else {
      refused.insert(message.peer);
    }
  }
  if (effects.write) submit(name, *effects.write);
  if (effects.repair) submit_repair(name, std::move(effects.repair->entries));
  if (!effects.messages_to_send_after_sync.empty()) {
    node.held.push_back(
        {effects.durable_before_messages, std::move(effects.messages_to_send_after_sync)});
    send_held(name);
  }
  for (ReadWanted& read : effects.reads_wanted) node.reads.push_back(std::move(read));
  if (effects.install_snapshot) node.to_install = effects.install_snapshot;
  const std::optional<Index> applicable = effects.commit_index;
  for (Answer& answer : effects.answers) {
    note(name.str() + " answers " + name_of(answer.error) + " " + answer.error.message);
    node.answer = std::move(answer.error);
  }
  bool outlived = false;
  for (Notice& notice : effects.notices) {
    note(name.str() + " notes " + text_of(notice));
    outlived |= std::holds_alternative<DamageOutlived>(notice);
    node.notices.push_back(std::move(notice));
  }
  if (effects.failure) {
    note(name.str() + " fails: " + effects.failure->message);
    node.failure = std::move(effects.failure);
    return;
  }
  checkers_.after_event(name, *node.core);
  if (applicable) apply(name, *applicable);
  if (outlived) release(name, Index(node.applied.size()));
  for (const SnapshotWanted& wanted : effects.snapshots_wanted) offer_snapshot(name, wanted);
  for (const PieceWanted& wanted : effects.pieces_wanted) {
    event(name, [&](Core& core) { core.piece_ready(wanted, {}); });
  }
  for (const PieceReceived& received : effects.pieces_received) spool(name, received);
  for (const NodeId& peer : refused) event(name, [&](Core& core) { core.send_failed(peer); });
}

/// Sends carry entries as a range of the log in memory; the network carries the entries.
PeerMessage Cluster::with_entries(const NodeId& from, PeerMessage message) {
  auto* append = std::get_if<AppendEntries>(&message.body);
  if (append == nullptr || append->range.empty()) return message;
  const Log& log = nodes_.at(from).core->log();
  for (Index i = append->range.first; i <= append->range.last; i = i.next()) {
    append->entries.push_back(log.tail_at(i));
  }
  append->range = {};
  return message;
}

void Cluster::send(const NodeId& from, const PeerMessage& message) {
  checkers_.on_send(from, message);
  ++sent_[kind_of(message.body) + " " + from.str() + " " + message.peer.str()];
  Link& link = network_.link(from, message.peer);
  if (!link.connected || link.cut) return;
  if (const auto* append = std::get_if<AppendEntries>(&message.body)) {
    for (const Entry& entry : append->entries) {
      EXPECT_TRUE(verify_entry(sha_, entry)) << "sent without its digest";
    }
  }
  PeerMessage received = message;
  received.peer = from;
  link.queue.push_back(std::move(received));
}

void Cluster::send_held(const NodeId& name) {
  Node& node = nodes_.at(name);
  while (!node.held.empty() && node.held.front().until_durable <= node.durable) {
    const auto messages = std::move(node.held.front().messages);
    node.held.pop_front();
    for (const PeerMessage& message : messages) send(name, message);
  }
}

/// The engine is durable at once: the hardest case for the log to keep up with.
void Cluster::apply(const NodeId& name, Index up_to) {
  Node& node = nodes_.at(name);
  for (Index i(node.applied.size() + 1); i <= up_to; i = i.next()) {
    const Entry& entry = node.disk->seen().at(i);
    checkers_.on_apply(name, entry);
    node.applied.push_back(entry);
  }
  event(name, [&](Core& core) { core.applied_up_to(up_to); });
}

}  // namespace lockstep::consensus::test
