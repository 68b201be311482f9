#include <algorithm>
#include <utility>

#include "consensus/random_faults.hpp"

namespace lockstep::consensus::test {

FaultsRun::FaultsRun(std::uint64_t seed, Tally& tally) : RandomRun(seed, tally) {
  const std::size_t sizes[] = {1, 3, 3, 3, 5, 5};
  for (std::size_t i = sizes[rng_.below(std::size(sizes))]; i > 0; --i) {
    names_.emplace_back(std::to_string(i));
  }
  std::ranges::sort(names_);
  draw_options();
  cluster_.options.random_seed = seed;
  cluster_.add_founded(names_);
  for (const NodeId& name : names_) cluster_.start(name);
  for (const NodeId& name : names_) {
    cluster_.node(name).holds_syncs = slow_disks_ && rng_.one_in(2);
    cluster_.node(name).holds_reads = slow_disks_ && rng_.one_in(2);
    cluster_.node(name).holds_installs = rng_.one_in(2);
  }
}

void FaultsRun::draw_options() {
  slow_disks_ = !rng_.one_in(4);
  loses_messages_ = rng_.one_in(2);
  shuffles_messages_ = rng_.one_in(3);
  crashes_ = !rng_.one_in(4);
  turmoil_ = 1 + rng_.below(6);
  elected_ = cluster_.options.elected = rng_.one_in(2);
  cluster_.options.tail_cache_bytes = rng_.one_in(3) ? 400 : 0;
  cluster_.options.max_batch_bytes = 1 + rng_.below(300);
  cluster_.options.read_ahead_bytes = 3 * cluster_.options.max_batch_bytes;
  cluster_.options.window = {1 + rng_.below(1000), 1 + rng_.below(4)};
}

void FaultsRun::one_step(int step) {
  const std::size_t draw = rng_.below(100);
  if (draw < 52) {
    deliver_one();
  } else if (draw < 68) {
    disk_step();
  } else if (draw < 78) {
    pass_time();
  } else if (draw < 90) {
    propose();
  } else if (rng_.below(12) < turmoil_ || step < 40) {
    disturb();
  }
}

/// Clocks need not agree.
void FaultsRun::pass_time() {
  cluster_.tick_all(kTick * (1 + rng_.below(5)));
  if (elected_ && rng_.one_in(20)) {
    cluster_.tick(some_node(), kTick * (1 + rng_.below(30)));
    ++tally_["clocks apart"];
  }
}

void FaultsRun::disturb() {
  switch (rng_.below(15)) {
    case 14:
    case 13:
    case 12:
    case 11:
      return release();
    case 10:
      return fill_or_free();
    case 9:
      return rot();
    case 0:
    case 1:
      return elected_ && !rng_.one_in(4) ? network_fault() : campaign();
    case 2:
      return command();
    case 3:
    case 4:
    case 5:
      return network_fault();
    default:
      if (crashes_) crash_or_restart();
  }
}

void FaultsRun::deliver_one() {
  const auto busy = cluster_.network().links_with_messages();
  if (busy.empty()) return;
  const auto& [from, to] = busy[rng_.below(busy.size())];
  auto& queue = cluster_.network().link(from, to).queue;
  if (loses_messages_ && rng_.one_in(15)) {
    queue.pop_front();
    ++tally_["messages lost"];
    return;
  }
  if (shuffles_messages_ && queue.size() > 1 && rng_.one_in(4)) {
    std::swap(queue.front(), queue[1 + rng_.below(queue.size() - 1)]);
    ++tally_["messages overtaken"];
  }
  if (shuffles_messages_ && rng_.one_in(10)) {
    queue.push_back(queue.front());
    ++tally_["messages repeated"];
  }
  cluster_.deliver(from, to);
}

void FaultsRun::disk_step() {
  const NodeId& name = some_node();
  if (rng_.one_in(3)) {
    if (cluster_.install_one(name)) ++tally_["late installs"];
    if (cluster_.sync_one(name)) ++tally_["late syncs"];
  } else if (rng_.one_in(8)) {
    if (cluster_.fail_read(name)) ++tally_["reads failed"];
  } else if (rng_.one_in(4)) {
    if (cluster_.begin_read(name)) ++tally_["reads answered later"];
  } else if (cluster_.read_one(name)) {
    ++tally_["late reads"];
  }
}

void FaultsRun::propose() {
  for (const NodeId& name : names_) {
    const Node& node = cluster_.node(name);
    if (!node.is_up() || node.core->role() != Role::kLeader || rng_.one_in(3)) continue;
    std::vector<std::string> payloads;
    for (std::size_t i = rng_.below(4); i > 0; --i) {
      payloads.push_back(std::string(1 + rng_.below(60), 'x') + std::to_string(++proposed_));
    }
    cluster_.propose(name, payloads);
    tally_["proposals"] += payloads.size();
    if (rng_.one_in(4)) read(rng_.one_in(2) ? name : some_node());
  }
}

void FaultsRun::campaign() {
  const NodeId& name = some_node();
  if (!cluster_.node(name).is_up()) return;
  (void)cluster_.campaign(name);
  ++tally_["elections"];
}

void FaultsRun::command() {
  const NodeId& name = some_node();
  switch (rng_.below(5)) {
    case 0:
    case 1:
      cluster_.event(name, [](Core& core) { core.become_follower_by_command(CallId{1}); });
      ++tally_["told to follow"];
      break;
    case 2:
      cluster_.event(name, [&](Core& core) { core.transfer_leadership(CallId{2}, some_node()); });
      ++tally_["told to hand over"];
      break;
    case 3:
      cluster_.event(name, [&](Core& core) { core.dial_refused(some_node()); });
      break;
    default:
      cluster_.event(name, [](Core& core) { core.request_sync(1); });
  }
}

/// Whatever was committed anywhere by now it has to show.
void FaultsRun::read(const NodeId& name) {
  Index committed;
  for (const auto& [other, node] : cluster_.nodes()) {
    if (node.is_up()) committed = std::max(committed, node.core->commit_index());
  }
  reads_.push_back(committed);
  cluster_.event(name, [&](Core& core) { core.request_read(reads_.size()); });
  ++tally_["reads"];
}

void FaultsRun::network_fault() {
  const NodeId& a = some_node();
  const NodeId& b = some_node();
  if (a == b) return;
  switch (rng_.below(5)) {
    case 4:
      for (auto& [ends, link] : cluster_.network().links()) {
        if (ends.first == a || ends.second == a) link.cut = true;
      }
      ++tally_["nodes cut off"];
      break;
    case 0:
      cluster_.network().link(a, b).cut = true;
      ++tally_["links cut"];
      break;
    case 1:
      for (auto& [ends, link] : cluster_.network().links()) link.cut = false;
      break;
    case 2:
      cluster_.disconnect(a, b);
      ++tally_["connections lost"];
      break;
    default:
      cluster_.connect(a, b);
  }
}

void FaultsRun::crash_or_restart() {
  const NodeId& name = some_node();
  if (!cluster_.node(name).is_up()) return cluster_.start(name);
  const std::size_t unsynced = cluster_.disk(name).unsynced();
  if (unsynced > 0) ++tally_["crashes with unsynced writes"];
  cluster_.crash(name, rng_.below(unsynced + 1));
  ++tally_["crashes"];
}

void FaultsRun::fill_or_free() {
  const NodeId& name = some_node();
  if (rng_.one_in(2)) {
    cluster_.set_full(name, true);
    ++tally_["disks full"];
  } else {
    cluster_.set_full(name, false);
  }
  const Node& node = cluster_.node(name);
  if (node.is_up() && node.core->disk_is_full()) ++tally_["written again"];
  cluster_.write_again(name);
}

/// A leader's mostly, and mostly all of it, so that whoever lags needs a snapshot.
void FaultsRun::release() {
  const auto leads = [&](const NodeId& name) {
    const Node& node = cluster_.node(name);
    return node.is_up() && node.core->role() == Role::kLeader;
  };
  const auto leader = std::ranges::find_if(names_, leads);
  const NodeId& name = leader == names_.end() || rng_.one_in(3) ? some_node() : *leader;
  const Node& node = cluster_.node(name);
  if (!node.is_up() || node.applied.empty()) return;
  const Index before = node.core->log().first_index();
  const std::uint64_t applied = node.applied.size();
  cluster_.release(name, Index(rng_.one_in(3) ? 1 + rng_.below(applied) : applied));
  if (node.core->log().first_index() > before) ++tally_["prefixes released"];
}

/// One node's disk at a time, so that what is committed has a copy left.
void FaultsRun::rot() {
  const NodeId& name = some_node();
  const Stored& stored = cluster_.disk(name).durable();
  const bool any_damaged = std::ranges::any_of(
      names_, [&](const NodeId& other) { return !cluster_.disk(other).durable().damaged.empty(); });
  if (any_damaged || names_.size() == 1 || cluster_.disk(name).unsynced() > 0) return;
  if (stored.entries.empty()) return;
  const std::uint64_t last = stored.last_index().value();
  const std::uint64_t first = stored.first_index().value() + rng_.below(stored.entries.size());
  const IndexRange range{Index(first), Index(std::min(last, first + rng_.below(6)))};
  // The term of the last entry is always known.
  const bool loses_terms = rng_.one_in(3) && range.last < stored.last_index();
  if (loses_terms && cluster_.node(name).is_up()) cluster_.crash(name);
  cluster_.rot(name, range, loses_terms);
  ++tally_[loses_terms ? "rot that takes terms" : "rot"];
}

}  // namespace lockstep::consensus::test
