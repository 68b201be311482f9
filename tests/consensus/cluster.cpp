#include "consensus/cluster.hpp"

#include <gtest/gtest.h>

#include "consensus/configuration_codec.hpp"
#include "consensus/configuration_text.hpp"
#include "consensus/message_text.hpp"

namespace lockstep::consensus::test {
namespace {

constexpr std::chrono::milliseconds kStep{10};
constexpr std::size_t kTooManyDeliveries = 200'000;

template <class Id>
Id filled_id(std::uint8_t value) {
  typename Id::Bytes bytes;
  bytes.fill(value);
  return Id(bytes);
}

}  // namespace

CoreOptions test_options() {
  CoreOptions options;
  options.heartbeat_interval = std::chrono::milliseconds(50);
  options.election_timeout_min = std::chrono::milliseconds(150);
  options.election_timeout_max = std::chrono::milliseconds(300);
  options.retry_interval = std::chrono::milliseconds(200);
  options.vote_timeout = std::chrono::milliseconds(1000);
  options.transfer_timeout = std::chrono::milliseconds(1000);
  options.bootstrap_timeout = std::chrono::milliseconds(2000);
  options.window = {std::size_t{1} << 20, 16};
  options.max_batch_bytes = 4096;
  options.tail_cache_bytes = std::size_t{1} << 20;
  return options;
}

Incarnation incarnation_of(const NodeId& name, int generation) {
  Incarnation::Bytes bytes;
  bytes.fill(static_cast<std::uint8_t>(generation));
  for (std::size_t i = 0; i < name.str().size() && i + 1 < bytes.size(); ++i) {
    bytes[i + 1] = static_cast<std::uint8_t>(name.str()[i]);
  }
  return Incarnation(bytes);
}

BootstrapRecord founding_record(const std::vector<NodeId>& members) {
  BootstrapRecord record;
  record.cluster = filled_id<ClusterId>(0xcc);
  record.epoch = filled_id<Epoch>(0xee);
  for (const NodeId& member : members) {
    record.configuration.voters.push_back({member, incarnation_of(member)});
  }
  return record;
}

Entry make_entry(Sha256& sha, EntryId id, EntryKind kind, ByteSpan payload) {
  EntryHeader header;
  header.group = kGroup;
  header.kind = kind;
  header.term = id.term;
  header.index = id.index;
  header.payload_bytes = payload.size();
  return seal_entry(sha, header, Payload(payload).release());
}

Entry make_entry(Sha256& sha, EntryId id, const std::string& content,
                 const std::vector<NodeId>& members) {
  if (content == "noop") return make_entry(sha, id, EntryKind::kNoop, {});
  if (content == "config") {
    return make_entry(sha, id, EntryKind::kConfiguration, encode(founding_record(members)));
  }
  if (content.starts_with("config:")) {
    BootstrapRecord record = founding_record(members);
    record.configuration = configuration_from(content.substr(7));
    return make_entry(sha, id, EntryKind::kConfiguration, encode(record));
  }
  return make_entry(sha, id, EntryKind::kCommand, as_bytes(content));
}

/// What the log that holds `stored` tells the core.
std::function<void(Core&)> answer_to(const ReadWanted& read, const Stored& stored) {
  const Index first = read.range.first;
  if (first < stored.first_index()) {
    return [id = read.id](Core& core) { core.read_failed(id, Errc::kReleased); };
  }
  if (contains(stored.damaged, first)) {
    return [id = read.id, first](Core& core) {
      core.read_failed(id, Errc::kCorruption);
      core.damage_found({first, first});
    };
  }
  std::vector<Entry> entries;
  std::size_t bytes = 0;
  for (Index i = first; i <= std::min(read.range.last, stored.last_index()); i = i.next()) {
    bytes += stored.at(i).size_bytes();
    if (!entries.empty() && bytes > read.byte_budget) break;
    if (contains(stored.damaged, i)) break;
    entries.push_back(stored.at(i));
  }
  return [id = read.id, entries](Core& core) { core.read_done(id, entries); };
}

Recovered recover(const Stored& stored, Index applied) {
  Recovered recovered;
  recovered.wal.identity = stored.identity;
  recovered.wal.hard_state = stored.hard_state;
  recovered.wal.bounds = {stored.first_index(), stored.last_index()};
  recovered.wal.boundary = stored.boundary;
  recovered.wal.last_promised = stored.before_first();
  if (stored.boundary) {
    recovered.configurations.add(stored.boundary->last.index, stored.boundary->configuration);
  }
  recovered.wal.damaged = stored.damaged;
  recovered.wal.newest_configuration = Index{};
  for (const Entry& entry : stored.entries) {
    auto& runs = recovered.wal.term_runs;
    const Index index = entry.header.index;
    const Term term = contains(stored.termless, index) ? Term{} : entry.header.term;
    if (runs.empty() || runs.back().term != term) runs.push_back({term, index});
    if (entry.header.kind == EntryKind::kConfiguration) recovered.wal.newest_configuration = index;
    if (entry.header.kind == EntryKind::kConfiguration && !contains(stored.damaged, index)) {
      recovered.wal.configuration_indexes.push_back(index);
      const auto record = decode_record(entry.payload().bytes());
      if (record) recovered.configurations.add(index, record->configuration);
    }
    recovered.wal.last_promised = entry.id();
  }
  recovered.applied = applied;
  return recovered;
}

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

/// What the driver does by itself: report durable writes and reads, unless the test holds them.
void Cluster::drain(const NodeId& name) {
  Node& node = nodes_.at(name);
  while (node.is_up()) {
    if (!node.holds_syncs && sync_one(name)) continue;
    if (!node.holds_reads && read_one(name)) continue;
    if (!node.holds_installs && install_one(name)) continue;
    return;
  }
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

bool Cluster::sync_one(const NodeId& name) {
  Node& node = nodes_.at(name);
  if (!node.is_up() || node.disk->unsynced() == 0) return false;
  const DiskWrite write = node.disk->sync_one();
  if (write.refused) {
    note(name.str() + " has no space");
    event(name, [](Core& core) { core.no_space(); });
    return true;
  }
  if (!write.copies.empty()) {
    event(name, [&](Core& core) { core.repair_done({}); });
    return true;
  }
  const WriteNumber number = write.number;
  node.durable = number;
  send_held(name);
  event(name, [&](Core& core) { core.durable_up_to(number); });
  return true;
}

bool Cluster::begin_read(const NodeId& name) {
  Node& node = nodes_.at(name);
  if (!node.is_up() || node.reads.empty() || node.read_answer) return false;
  node.read_answer = answer_to(node.reads.front(), node.disk->seen());
  node.reads.pop_front();
  return true;
}

bool Cluster::read_one(const NodeId& name) {
  if (!nodes_.at(name).read_answer && !begin_read(name)) return false;
  event(name, std::exchange(nodes_.at(name).read_answer, nullptr));
  return true;
}

bool Cluster::fail_read(const NodeId& name) {
  Node& node = nodes_.at(name);
  if (!node.is_up() || node.reads.empty()) return false;
  const ReadWanted read = std::move(node.reads.front());
  node.reads.pop_front();
  event(name, [&](Core& core) { core.read_failed(read.id, Errc::kIo); });
  return true;
}

bool Cluster::install_one(const NodeId& name) {
  Node& node = nodes_.at(name);
  if (!node.is_up() || !node.to_install) return false;
  const Image& image = images_.at(*std::exchange(node.to_install, std::nullopt));
  note(name.str() + " installs " + to_string(image.offer.last.index));
  checkers_.on_install(name, image.applied);
  node.applied = image.applied;
  event(name, [](Core& core) { core.engine_has_snapshot(); });
  return true;
}

void Cluster::release(const NodeId& name, Index up_to) {
  Node& node = nodes_.at(name);
  if (!node.is_up() || node.core->is_installing() || node.disk->unsynced() > 0) return;
  up_to = std::min(up_to, Index(node.applied.size()));
  const auto term = node.core->log().term_at(up_to);
  const bool is_certain = node.core->configurations().is_certain_at(up_to);
  if (up_to < node.disk->seen().first_index() || !term || !is_certain) return;
  note(name.str() + " releases " + to_string(up_to));
  const Boundary boundary{{up_to, *term}, node.core->configurations().at(up_to), {}, {}};
  node.disk->release(boundary);
  event(name, [&](Core& core) { core.prefix_released(boundary.last); });
}

/// Of what is applied, at once; the same id for the same content.
void Cluster::offer_snapshot(const NodeId& name, const SnapshotWanted& wanted) {
  const Node& node = nodes_.at(name);
  const Index applied(node.applied.size());
  if (applied < wanted.at_least || !node.core->configurations().is_certain_at(applied)) {
    const Error none(Errc::kWrongState, "nothing later is applied, or the members are not known");
    return event(name, [&](Core& core) { core.snapshot_failed(wanted.follower, none); });
  }
  Image image;
  image.applied = node.applied;
  image.boundary.last = image.applied.back().id();
  image.boundary.configuration = node.core->configurations().at(image.boundary.last.index);
  SnapshotId::Bytes id{};
  id[0] = static_cast<std::uint8_t>(image.boundary.last.index.value());
  id[1] = static_cast<std::uint8_t>(image.boundary.last.index.value() >> 8);
  id[2] = static_cast<std::uint8_t>(image.boundary.last.term.value());
  id[3] = 1;
  image.offer = {SnapshotId(id), image.boundary.last, 5 * SnapshotTransfer::kPieceBytes + 1,
                 SharedBuffer::copy_of("image")};
  images_[image.offer.id] = image;
  event(name, [&](Core& core) { core.snapshot_ready(wanted.follower, image.offer); });
}

/// Pieces carry no bytes here: their places are enough.
void Cluster::spool(const NodeId& name, const PieceReceived& received) {
  Node& node = nodes_.at(name);
  const InstallSnapshot& piece = received.piece;
  const bool begins = !piece.metadata.empty();
  if (node.spool != piece.snapshot && begins) {
    node.spool = piece.snapshot;
    node.spooled_bytes = 0;
  }
  const std::uint64_t size = piece.size_bytes;
  if (node.spool == piece.snapshot && !begins && piece.offset == node.spooled_bytes) {
    node.spooled_bytes = std::min(size, piece.offset + SnapshotTransfer::kPieceBytes);
  }
  const std::uint64_t next = node.spool == piece.snapshot ? node.spooled_bytes : 0;
  event(name, [&](Core& core) { core.piece_stored(received.sender, piece.snapshot, next); });
  if (next < size || !node.is_up() || node.core->is_installing()) return;
  const Boundary boundary = images_.at(piece.snapshot).boundary;
  event(name, [&](Core& core) {
    core.snapshot_received(received.sender, piece.snapshot, "image", boundary);
  });
}

void Cluster::set_full(const NodeId& name, bool full) {
  note(name.str() + (full ? " is full" : " has room"));
  nodes_.at(name).disk->set_full(full);
}

void Cluster::write_again(const NodeId& name) {
  const Node& node = nodes_.at(name);
  if (!node.is_up() || !node.core->disk_is_full()) return;
  writing_again_ = true;
  event(name, [](Core& core) { core.write_again(); });
  writing_again_ = false;
}

void Cluster::rot(const NodeId& name, IndexRange range, bool loses_terms) {
  Node& node = nodes_.at(name);
  note(name.str() + " rots " + to_string(range.first) + ".." + to_string(range.last));
  node.disk->rot(range, loses_terms);
  event(name, [&](Core& core) { core.damage_found(range); });
}

bool Cluster::settle() {
  std::size_t deliveries = 0;
  for (auto busy = network_.links_with_messages(); !busy.empty();
       busy = network_.links_with_messages()) {
    for (const auto& [from, to] : busy) {
      if (network_.link(from, to).queue.empty()) continue;
      deliver(from, to);
      if (++deliveries == kTooManyDeliveries) return false;
    }
  }
  return true;
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

void Cluster::submit(const NodeId& name, const LogWrite& write) {
  Node& node = nodes_.at(name);
  DiskWrite change;
  change.number = write.number;
  change.truncate_from = write.truncate_from;
  change.hard_state = write.hard_state;
  change.identity = write.identity;
  for (Index i = write.entries.first; i <= write.entries.last; i = i.next()) {
    change.entries.push_back(node.core->log().tail_at(i));
  }
  change.intent = write.install_intent;
  change.boundary = write.boundary;
  change.again = writing_again_;
  if (node.disk->has_room_for(change)) checkers_.on_write(name, *node.core, change);
  node.disk->submit(std::move(change));
}

void Cluster::submit_repair(const NodeId& name, std::vector<Entry> copies) {
  for (const Entry& copy : copies) {
    EXPECT_TRUE(verify_entry(sha_, copy)) << "repaired without its digest";
  }
  checkers_.on_repair(name, copies);
  DiskWrite change;
  change.copies = std::move(copies);
  node(name).disk->submit(std::move(change));
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
