#include <gtest/gtest.h>

#include "consensus/cluster.hpp"
#include "consensus/reading.hpp"

namespace lockstep::consensus::test {

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

}  // namespace lockstep::consensus::test
