// Clusters under random faults, one seed each: safety is checked after every step, then the faults
// stop and the cluster must converge.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "consensus/cluster.hpp"
#include "consensus/message_text.hpp"
#include "lockstep/split_mix.hpp"

namespace lockstep::consensus::test {
namespace {

constexpr std::uint64_t kSeeds = 600;
constexpr int kSteps = 2000;
constexpr std::chrono::milliseconds kTick{10};

/// What happened, so that a run in which nothing did is no success.
using Tally = std::map<std::string, std::uint64_t>;

class RandomRun {
 public:
  RandomRun(std::uint64_t seed, Tally& tally) : rng_(seed), tally_(tally) {
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

  /// The first violation, or nothing.
  [[nodiscard]] std::string run() {
    for (int step = 0; step < kSteps; ++step) {
      one_step(step);
      if (const std::string broken = violation(); !broken.empty()) {
        return "step " + std::to_string(step) + ": " + broken;
      }
    }
    if (const std::string stale = stale_read(); !stale.empty()) return stale;
    const std::string stuck = converge();
    return violation().empty() ? stuck : violation();
  }

  void keep_trace() { cluster_.keeps_trace = true; }
  [[nodiscard]] const Cluster& cluster() const { return cluster_; }

 private:
  void draw_options() {
    slow_disks_ = !rng_.one_in(4);
    loses_messages_ = rng_.one_in(2);
    shuffles_messages_ = rng_.one_in(3);
    crashes_ = !rng_.one_in(4);
    turmoil_ = 1 + rng_.below(6);
    elected_ = cluster_.options.elected = rng_.one_in(2);
    cluster_.options.tail_cache_bytes = rng_.one_in(3) ? 400 : 0;
    cluster_.options.max_batch_bytes = 1 + rng_.below(300);
    cluster_.options.window = {1 + rng_.below(1000), 1 + rng_.below(4)};
  }

  void one_step(int step) {
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
  void pass_time() {
    cluster_.tick_all(kTick * (1 + rng_.below(5)));
    if (elected_ && rng_.one_in(20)) {
      cluster_.tick(some_node(), kTick * (1 + rng_.below(30)));
      ++tally_["clocks apart"];
    }
  }

  void disturb() {
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

  void deliver_one() {
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

  void disk_step() {
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

  void propose() {
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

  void campaign() {
    const NodeId& name = some_node();
    if (!cluster_.node(name).is_up()) return;
    (void)cluster_.campaign(name);
    ++tally_["elections"];
  }

  void command() {
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
  void read(const NodeId& name) {
    Index committed;
    for (const auto& [other, node] : cluster_.nodes()) {
      if (node.is_up()) committed = std::max(committed, node.core->commit_index());
    }
    reads_.push_back(committed);
    cluster_.event(name, [&](Core& core) { core.request_read(reads_.size()); });
    ++tally_["reads"];
  }

  [[nodiscard]] std::string stale_read() {
    for (const auto& [name, node] : cluster_.nodes()) {
      for (const Notice& notice : node.notices) {
        const auto* read = std::get_if<ReadIndexKnown>(&notice);
        if (read == nullptr || read->error) continue;
        ++tally_["reads answered"];
        if (read->index < reads_[read->id - 1]) {
          return name.str() + " reads at " + to_string(read->index) + " what was committed up to " +
                 to_string(reads_[read->id - 1]);
        }
      }
    }
    return {};
  }

  void network_fault() {
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

  void crash_or_restart() {
    const NodeId& name = some_node();
    if (!cluster_.node(name).is_up()) return cluster_.start(name);
    const std::size_t unsynced = cluster_.disk(name).unsynced();
    if (unsynced > 0) ++tally_["crashes with unsynced writes"];
    cluster_.crash(name, rng_.below(unsynced + 1));
    ++tally_["crashes"];
  }

  void fill_or_free() {
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
  void release() {
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
  void rot() {
    const NodeId& name = some_node();
    const Stored& stored = cluster_.disk(name).durable();
    const bool any_damaged = std::ranges::any_of(names_, [&](const NodeId& other) {
      return !cluster_.disk(other).durable().damaged.empty();
    });
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

  /// Faults stop; the nodes elect one, or the one with the best log is made leader, and all must
  /// agree with it in the end.
  [[nodiscard]] std::string converge() {
    // A connection that has lost something breaks when it is healed.
    std::vector<Network::Ends> lossy;
    for (auto& [ends, link] : cluster_.network().links()) {
      if (std::exchange(link.cut, false)) lossy.push_back(ends);
    }
    for (const auto& [a, b] : lossy) cluster_.disconnect(a, b);
    for (const NodeId& name : names_) {
      cluster_.set_full(name, false);
      cluster_.node(name).holds_syncs = cluster_.node(name).holds_reads = false;
      cluster_.node(name).holds_installs = false;
      if (!cluster_.node(name).is_up()) cluster_.start(name);
      cluster_.tick_all(kTick);
      cluster_.event(name, [](Core&) {});
      cluster_.write_again(name);
    }
    for (const NodeId& a : names_) {
      for (const NodeId& b : names_) {
        if (a < b) cluster_.connect(a, b);
      }
    }
    count_elections();
    cluster_.advance(std::chrono::milliseconds(1000));
    for (const NodeId& name : names_) {
      // What all others have released nobody can give back; the engine has it.
      const Node& node = cluster_.node(name);
      if (!node.core->log().damaged().empty()) cluster_.release(name, Index(node.applied.size()));
    }
    if (elected_) return converge_by_election();
    const NodeId leader = *std::ranges::max_element(names_, {}, [&](const NodeId& name) {
      const Log& log = cluster_.node(name).core->log();
      const bool may_lead = log.damaged().empty();
      return std::tuple(may_lead, log.last().term, log.last().index);
    });
    // Elected in a low term, it learns of higher ones from those whom it did not need.
    for (int attempt = 0; attempt < 2; ++attempt) {
      (void)cluster_.campaign(leader);
      cluster_.advance(std::chrono::milliseconds(200));
    }
    if (cluster_.node(leader).core->role() != Role::kLeader) {
      const auto& answer = cluster_.node(leader).answer;
      return leader.str() + " is not elected: " + (answer ? answer->message : "no answer");
    }
    cluster_.propose(leader, {"the last one"});
    cluster_.advance(std::chrono::milliseconds(500));
    return difference_from(leader);
  }

  [[nodiscard]] std::string converge_by_election() {
    cluster_.advance(std::chrono::milliseconds(2000));
    const auto leads = [&](const NodeId& name) {
      return cluster_.node(name).core->role() == Role::kLeader;
    };
    if (std::ranges::count_if(names_, leads) != 1) return "nobody, or not one alone, is elected";
    const NodeId leader = *std::ranges::find_if(names_, leads);
    cluster_.propose(leader, {"the last one"});
    cluster_.advance(std::chrono::milliseconds(500));
    for (const NodeId& name : names_) {
      if (cluster_.node(name).core->leader() != leader) return name.str() + " follows another one";
    }
    return difference_from(leader);
  }

  void count_elections() {
    for (const auto& [name, node] : cluster_.nodes()) {
      for (const Notice& notice : node.notices) {
        if (std::holds_alternative<QuorumLost>(notice)) ++tally_["quorums lost"];
        if (std::holds_alternative<SnapshotTaken>(notice)) ++tally_["snapshots installed"];
        if (elected_ && std::holds_alternative<LeadershipGained>(notice)) ++tally_["elected"];
      }
    }
  }

  [[nodiscard]] std::string difference_from(const NodeId& leader) {
    const std::vector<Entry>& applied = cluster_.node(leader).applied;
    const std::string wanted = text_of(applied);
    for (const NodeId& name : names_) {
      const Stored& stored = cluster_.disk(name).durable();
      if (!stored.damaged.empty()) return name.str() + " stays damaged";
      const auto released = static_cast<std::ptrdiff_t>(stored.before_first().index.value());
      const std::vector<Entry> held(applied.begin() + released, applied.end());
      if (stored.last_index() != Index(applied.size()) ||
          text_of(stored.entries) != text_of(held)) {
        return name.str() + " has another log than " + leader.str();
      }
      if (text_of(cluster_.node(name).applied) != wanted)
        return name.str() + " has not applied all";
    }
    tally_["entries agreed on"] += applied.size();
    return {};
  }

  [[nodiscard]] std::string violation() const {
    if (!cluster_.checkers().violation().empty()) return cluster_.checkers().violation();
    for (const auto& [name, node] : cluster_.nodes()) {
      if (node.failure) return name.str() + " failed: " + node.failure->message;
    }
    return {};
  }

  [[nodiscard]] const NodeId& some_node() { return names_[rng_.below(names_.size())]; }

  SplitMix64 rng_;
  Tally& tally_;
  Cluster cluster_;
  std::vector<NodeId> names_;
  bool slow_disks_ = false;
  bool loses_messages_ = false;
  bool shuffles_messages_ = false;
  bool crashes_ = false;
  bool elected_ = false;
  std::size_t turmoil_ = 0;
  std::uint64_t proposed_ = 0;
  /// The commit index of the cluster when each was asked.
  std::vector<Index> reads_;
};

/// The end of what happened in a seed that failed.
std::string trace_of(std::uint64_t seed) {
  Tally ignored;
  RandomRun again(seed, ignored);
  again.keep_trace();
  (void)again.run();
  const auto& lines = again.cluster().trace();
  std::string text;
  for (std::size_t i = lines.size() > 80 ? lines.size() - 80 : 0; i < lines.size(); ++i) {
    text += lines[i] + "\n";
  }
  return text;
}

TEST(RandomFaults, AreSurvivedSafelyAndHealed) {
  Tally tally;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const std::string broken = RandomRun(seed, tally).run();
    ASSERT_EQ(broken, "") << "seed " << seed << ", and before that:\n" << trace_of(seed);
    ASSERT_FALSE(HasFailure()) << "seed " << seed << ":\n" << trace_of(seed);
  }
  const Tally floor = {{"messages lost", 3000},
                       {"messages overtaken", 4000},
                       {"messages repeated", 3000},
                       {"late syncs", 3000},
                       {"late reads", 600},
                       {"reads failed", 90},
                       {"proposals", 25000},
                       {"elections", 1000},
                       {"elected", 200},
                       {"quorums lost", 100},
                       {"clocks apart", 1500},
                       {"told to follow", 500},
                       {"told to hand over", 200},
                       {"reads", 2000},
                       {"reads answered", 400},
                       {"links cut", 500},
                       {"nodes cut off", 500},
                       {"connections lost", 500},
                       {"disks full", 500},
                       {"written again", 75},
                       {"prefixes released", 600},
                       {"snapshots installed", 30},
                       {"late installs", 15},
                       {"rot", 400},
                       {"rot that takes terms", 35},
                       {"crashes", 1500},
                       {"crashes with unsynced writes", 170},
                       {"entries agreed on", 20000}};
  for (const auto& [what, least] : floor) EXPECT_GE(tally[what], least) << what;
  if (testing::Test::HasFailure()) {
    for (const auto& [what, count] : tally) std::cout << what << ": " << count << "\n";
  }
}

}  // namespace
}  // namespace lockstep::consensus::test
