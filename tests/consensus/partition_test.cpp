// Every pattern of lost links: 64 directed ones of 3 nodes and 1,024 undirected ones of 5, from
// logs that are level and from staggered ones. Safety always; progress whenever a node that reaches
// a quorum both ways has a log at least as up to date as all of that quorum; and all recover once
// healed.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <string>

#include "consensus/cluster.hpp"
#include "consensus/message_text.hpp"

namespace lockstep::consensus::test {
namespace {

constexpr std::chrono::milliseconds kTick{25};
/// Ten of the longest time-outs.
constexpr std::chrono::milliseconds kLimit{3000};

using Ends = Network::Ends;

class Partition {
 public:
  Partition(std::size_t size, bool staggered, std::vector<Ends> lost)
      : staggered_(staggered), lost_(std::move(lost)) {
    for (std::size_t i = 1; i <= size; ++i) names_.emplace_back(std::to_string(i));
    cluster_.options.elected = true;
    cluster_.add_founded(names_);
    for (std::size_t i = 0; i < size; ++i) cluster_.set_disk(names_[i], stored(i));
    for (const NodeId& name : names_) cluster_.start(name);
    for (const auto& [from, to] : lost_) cluster_.network().link(from, to).cut = true;
  }

  /// Some node has links both ways with a quorum whose logs are not ahead of its own.
  [[nodiscard]] bool must_progress() const {
    for (std::size_t i = 0; i < names_.size(); ++i) {
      std::size_t quorum = 1;
      for (std::size_t j = 0; j < names_.size(); ++j) {
        const bool both_ways = !is_lost(i, j) && !is_lost(j, i);
        if (i != j && both_ways && length(j) <= length(i)) ++quorum;
      }
      if (quorum > names_.size() / 2) return true;
    }
    return false;
  }

  /// A leader has committed an entry of its own in time.
  [[nodiscard]] bool progresses() {
    std::map<NodeId, Index> proposed;
    for (auto passed = kTick; passed <= kLimit; passed += kTick) {
      cluster_.tick_all(kTick);
      if (!cluster_.settle()) ADD_FAILURE() << text() << ": messages without end";
      for (const NodeId& name : names_) {
        const Core& core = *cluster_.node(name).core;
        if (core.role() != Role::kLeader) {
          proposed.erase(name);
        } else if (!proposed.contains(name)) {
          cluster_.propose(name, {"x"});
          proposed[name] = core.log().last_index();
        } else if (core.commit_index() >= proposed[name]) {
          return true;
        }
      }
    }
    return false;
  }

  /// All follow one leader, with the same log.
  [[nodiscard]] bool recovers() {
    for (auto& [ends, link] : cluster_.network().links()) link.cut = false;
    if (!progresses()) return false;
    cluster_.advance(std::chrono::milliseconds(400));
    const std::string wanted = text_of(cluster_.disk(names_[0]).durable().entries);
    return std::ranges::all_of(names_, [&](const NodeId& name) {
      return text_of(cluster_.disk(name).durable().entries) == wanted &&
             cluster_.node(name).core->leader() == cluster_.node(names_[0]).core->leader();
    });
  }

  [[nodiscard]] std::string violation() const {
    for (const auto& [name, node] : cluster_.nodes()) {
      if (node.failure) return name.str() + " failed: " + node.failure->message;
    }
    return cluster_.checkers().violation();
  }

  [[nodiscard]] std::string text() const {
    std::string text = staggered_ ? "staggered, without" : "level, without";
    for (const auto& [from, to] : lost_) text += " " + from.str() + ">" + to.str();
    return text;
  }

 private:
  /// Staggered: node 1 has the longest log.
  [[nodiscard]] std::size_t length(std::size_t node) const {
    return 2 + (staggered_ ? names_.size() - node : 0);
  }

  [[nodiscard]] Stored stored(std::size_t node) {
    Stored stored = cluster_.disk(names_[node]).durable();
    stored.hard_state.current_term = Term{2};
    for (std::size_t i = 2; i <= length(node); ++i) {
      const std::string content = i == 2 ? "noop" : "c" + std::to_string(i);
      stored.entries.push_back(make_entry(cluster_.sha(), {Index(i), Term{2}}, content, names_));
    }
    return stored;
  }

  [[nodiscard]] bool is_lost(std::size_t from, std::size_t to) const {
    return std::ranges::count(lost_, Ends{names_[from], names_[to]}) > 0;
  }

  const bool staggered_;
  const std::vector<Ends> lost_;
  Cluster cluster_;
  std::vector<NodeId> names_;
};

/// Each group is lost or kept as one.
void try_all(std::size_t size, bool staggered, const std::vector<std::vector<Ends>>& groups) {
  std::size_t stuck = 0;
  for (std::size_t pattern = 0; pattern < std::size_t{1} << groups.size(); ++pattern) {
    std::vector<Ends> lost;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if ((pattern >> i) % 2 == 1) lost.insert(lost.end(), groups[i].begin(), groups[i].end());
    }
    Partition partition(size, staggered, std::move(lost));
    const bool progresses = partition.progresses();
    if (!progresses) {
      ++stuck;
      std::cout << "stuck: " << partition.text() << "\n";
      EXPECT_FALSE(partition.must_progress()) << partition.text();
    }
    EXPECT_TRUE(partition.recovers()) << partition.text();
    ASSERT_EQ(partition.violation(), "") << partition.text();
  }
  std::cout << stuck << " of " << (std::size_t{1} << groups.size()) << " are stuck until healed\n";
  EXPECT_GT(stuck, 0u) << "no pattern was bad enough";
}

std::vector<std::vector<Ends>> links(std::size_t size, bool directed) {
  std::vector<std::vector<Ends>> groups;
  for (std::size_t i = 1; i <= size; ++i) {
    for (std::size_t j = i + 1; j <= size; ++j) {
      const NodeId a(std::to_string(i));
      const NodeId b(std::to_string(j));
      if (directed) {
        groups.insert(groups.end(), {{{a, b}}, {{b, a}}});
      } else {
        groups.push_back({{a, b}, {b, a}});
      }
    }
  }
  return groups;
}

TEST(Partitions, DirectedLossesOfThreeNodesFromLevelLogs) { try_all(3, false, links(3, true)); }
TEST(Partitions, DirectedLossesOfThreeNodesFromStaggeredLogs) { try_all(3, true, links(3, true)); }
TEST(Partitions, LossesOfFiveNodesFromLevelLogs) { try_all(5, false, links(5, false)); }
TEST(Partitions, LossesOfFiveNodesFromStaggeredLogs) { try_all(5, true, links(5, false)); }

}  // namespace
}  // namespace lockstep::consensus::test
