// Members come, go and change under random faults, one seed each: safety is checked after every
// step, then the faults stop and all members must agree.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

#include "consensus/configuration_codec.hpp"
#include "consensus/configuration_text.hpp"
#include "consensus/message_text.hpp"
#include "consensus/quorum.hpp"
#include "consensus/random_run.hpp"
#include "consensus/reading.hpp"

namespace lockstep::consensus::test {
namespace {

class MembershipRun final : public RandomRun {
 public:
  MembershipRun(std::uint64_t seed, Tally& tally) : RandomRun(seed, tally) {
    for (int i = 1; i <= 6; ++i) names_.emplace_back(std::to_string(i));
    rots_ = rng_.one_in(2);
    // The one that founded the group alone has most to forget.
    const std::size_t founders = rots_ ? 1 : 1 + rng_.below(4);
    const std::vector<NodeId> founding(names_.begin(),
                                       names_.begin() + static_cast<std::ptrdiff_t>(founders));
    cluster_.options.tail_cache_bytes = rng_.one_in(3) ? 400 : 0;
    cluster_.options.max_batch_bytes = 1 + rng_.below(600);
    cluster_.options.read_ahead_bytes = 3 * cluster_.options.max_batch_bytes;
    cluster_.options.readmit_strangers = rng_.one_in(2);
    cluster_.logs_tell_configurations = rng_.one_in(2);
    cluster_.add_founded(founding);
    for (const NodeId& name : names_) {
      if (std::ranges::count(founding, name) == 0) cluster_.add_empty_node(name);
    }
    for (const NodeId& name : names_) {
      cluster_.start(name);
      cluster_.node(name).holds_syncs = rng_.one_in(4);
    }
  }

 private:
  void one_step(int /*step*/) override {
    const std::size_t draw = rng_.below(100);
    if (draw < 60) {
      deliver_one();
    } else if (draw < 68) {
      if (cluster_.sync_one(some_node())) ++tally_["late syncs"];
    } else if (draw < 80) {
      cluster_.tick_all(kTick * (1 + rng_.below(5)));
    } else if (draw < 86) {
      if (const auto leader = some_leader()) {
        cluster_.propose(*leader, {"x" + std::to_string(++proposed_)});
      }
    } else if (draw < 93) {
      change_members();
    } else {
      disturb();
    }
  }

  void deliver_one() {
    const auto busy = cluster_.network().links_with_messages();
    if (busy.empty()) return;
    const auto& [from, to] = busy[rng_.below(busy.size())];
    auto& queue = cluster_.network().link(from, to).queue;
    if (rng_.one_in(40)) {
      queue.pop_front();
      return;
    }
    if (queue.size() > 1 && rng_.one_in(20)) std::swap(queue.front(), queue.back());
    cluster_.deliver(from, to);
  }

  void change_members() {
    const auto leader = some_leader();
    if (!leader) return;
    const Configuration& now = cluster_.node(*leader).core->configuration();
    const auto kind = static_cast<MemberChange>(rng_.below(3));
    NodeId member = some_node();
    if (kind == MemberChange::kPromote && !now.learners.empty()) {
      member = now.learners[rng_.below(now.learners.size())].node;
    }
    if (kind == MemberChange::kRemove && now.voters.size() < 3 && !rng_.one_in(3)) return;
    if (kind != MemberChange::kPromote && member != emptied_ && waits_for_the_emptied(now)) return;
    if (kind == MemberChange::kRemove && member == *leader) ++tally_["leader removed"];
    // Now and then an earlier one's again.
    const auto operation = static_cast<std::uint8_t>(1 + rng_.below(250));
    cluster_.change_members(*leader, kind, member, operation);
    ++tally_["changes asked for"];
  }

  void disturb() {
    switch (rng_.below(8)) {
      case 0:
      case 1:
      case 2: {
        const NodeId& name = some_node();
        if (!cluster_.node(name).is_up()) return;
        const bool was_joint = cluster_.node(name).core->configuration().is_joint();
        (void)cluster_.campaign(name);
        tally_["elections while joint"] += was_joint ? 1 : 0;
        return;
      }
      case 3:
        cluster_.network().link(some_node(), some_node()).cut = true;
        return;
      case 4:
        for (auto& [ends, link] : cluster_.network().links()) link.cut = false;
        return;
      case 5:
        return cluster_.disconnect(some_node(), some_node());
      case 6:
        return connect_all();
      default:
        crash_or_restart();
    }
  }

  void crash_or_restart() {
    const NodeId& name = some_node();
    if (!cluster_.node(name).is_up()) return cluster_.start(name);
    const bool was_joint = cluster_.node(name).core->configuration().is_joint();
    cluster_.crash(name, rng_.below(cluster_.disk(name).unsynced() + 1));
    tally_["crashes while joint"] += was_joint ? 1 : 0;
    if (rots_) return rot(name);
    if (may_lose(name) && rng_.one_in(3)) {
      cluster_.add_empty_node(name, ++cluster_.node(name).generation);
      emptied_ = name;
      ++tally_["disks emptied"];
    }
  }

  /// One disk at a time: the others have what it loses.
  void rot(const NodeId& name) {
    const std::uint64_t last = cluster_.disk(name).durable().last_index().value();
    const bool is_next = !rotten_ || *rotten_ == name || !is_damaged(*rotten_);
    if (!is_next || last == 0 || !may_lose(name) || !rng_.one_in(2)) return;
    // A few entries, or nearly all: then most configurations are among them.
    const bool all = rng_.one_in(2);
    const std::uint64_t first = 1 + rng_.below(all ? std::min<std::uint64_t>(last, 4) : last);
    cluster_.rot(name, {Index(first), Index(all ? last : std::min(last, first + rng_.below(8)))});
    rotten_ = name;
    ++tally_["disks that rot"];
    // Before anybody can help it.
    if (!rng_.one_in(2)) return;
    cluster_.start(name);
    (void)cluster_.campaign(name);
  }

  [[nodiscard]] bool is_damaged(const NodeId& name) const {
    return !cluster_.disk(name).durable().damaged.empty();
  }

  /// One disk at a time, so that what is committed has a majority left without it: it must be no
  /// voter that the others may need.
  [[nodiscard]] bool may_lose(const NodeId& name) const {
    if (emptied_ && *emptied_ != name) return false;
    for (const NodeId& other : names_) {
      const Configuration known = newest_on_disk(other);
      for (const auto* voters : {&known.voters, &known.outgoing_voters}) {
        if (voters->size() < 3 && std::ranges::count(*voters, name, &Member::node) > 0) {
          return false;
        }
      }
    }
    return true;
  }

  [[nodiscard]] Configuration newest_on_disk(const NodeId& name) const {
    return recover(cluster_.disk(name).seen(), Index{}).configurations.newest();
  }

  /// Its promises are gone, and it cannot make up for them before it is added again.
  [[nodiscard]] bool waits_for_the_emptied(const Configuration& now) const {
    if (!emptied_) return false;
    const auto voter = std::ranges::find(now.voters, *emptied_, &Member::node);
    return voter != now.voters.end() &&
           voter->incarnation != cluster_.disk(*emptied_).durable().identity.incarnation;
  }

  /// Faults stop. Whoever can be elected leads; its members must all agree with it in the end.
  [[nodiscard]] std::string converge() override {
    for (auto& [ends, link] : cluster_.network().links()) link.cut = false;
    for (const NodeId& name : names_) {
      cluster_.node(name).holds_syncs = false;
      if (!cluster_.node(name).is_up()) cluster_.start(name);
      cluster_.event(name, [](Core&) {});
    }
    connect_all();
    cluster_.advance(std::chrono::milliseconds(1000));
    const auto leader = elect();
    if (!leader) return "nobody can be elected";
    cluster_.propose(*leader, {"the last one"});
    cluster_.advance(std::chrono::milliseconds(8000));
    const Node& node = cluster_.node(*leader);
    if (node.core->role() != Role::kLeader) return {};  // it had removed itself
    if (node.core->configuration().is_joint()) return leader->str() + " stays joint";
    if (node.core->commit_index() != node.core->log().last_index()) return "it does not commit";
    return difference_from(*leader);
  }

  [[nodiscard]] std::optional<NodeId> elect() {
    for (int round = 0; round < 3; ++round) {
      std::vector<NodeId> candidates = names_;
      std::ranges::stable_sort(candidates, std::greater<>(), [&](const NodeId& name) {
        const EntryId last = cluster_.node(name).core->log().last();
        return std::pair(last.term, last.index);
      });
      for (const NodeId& candidate : candidates) {
        (void)cluster_.campaign(candidate);
        cluster_.advance(std::chrono::milliseconds(300));
        if (cluster_.node(candidate).core->role() == Role::kLeader) return candidate;
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] std::string difference_from(const NodeId& leader) {
    const std::string wanted = text_of(cluster_.disk(leader).durable().entries);
    const Configuration& members = cluster_.node(leader).core->configuration();
    for (const NodeId& name : names_) {
      const Member* member = find_member(members, name);
      const Incarnation own = cluster_.disk(name).durable().identity.incarnation;
      if (member == nullptr || member->incarnation != own) continue;
      if (text_of(cluster_.disk(name).durable().entries) != wanted) {
        return name.str() + " has another log than " + leader.str();
      }
      if (text_of(cluster_.node(name).applied) != wanted)
        return name.str() + " has not applied all";
      if (is_damaged(name)) return name.str() + " is not repaired";
      ++tally_["members that agree"];
    }
    for (const Entry& entry : cluster_.disk(leader).durable().entries) {
      if (entry.header.kind != EntryKind::kConfiguration) continue;
      const auto record = decode_record(entry.payload().bytes());
      ++tally_[record && record->configuration.is_joint() ? "joint configurations"
                                                          : "configurations"];
    }
    return {};
  }

  [[nodiscard]] std::optional<NodeId> some_leader() {
    for (const NodeId& name : names_) {
      const Node& node = cluster_.node(name);
      if (node.is_up() && node.core->role() == Role::kLeader && !rng_.one_in(3)) return name;
    }
    return std::nullopt;
  }

  /// The one node whose disk was emptied, once or more often.
  std::optional<NodeId> emptied_;
  /// The last one whose disk rotted, in a run in which none is emptied.
  std::optional<NodeId> rotten_;
  bool rots_ = false;
  std::uint64_t proposed_ = 0;
};

TEST(RandomMembership, ChangesAreSafeAndEnd) {
  const Tally floor = {{"changes asked for", 1000},    {"leader removed", 100},
                       {"elections while joint", 100}, {"crashes while joint", 50},
                       {"configurations", 700},        {"joint configurations", 200},
                       {"late syncs", 1000},           {"disks emptied", 100},
                       {"disks that rot", 50},         {"members that agree", 700}};
  const auto make = [](std::uint64_t seed, Tally& tally) {
    return std::make_unique<MembershipRun>(seed, tally);
  };
  run_seeds(600, 1500, make, floor);
}

}  // namespace
}  // namespace lockstep::consensus::test
