// A seeded storm over three nodes: writes, cuts, drops, restarts, leadership moved by hand. At the
// end everything is healed, and what was acknowledged is there, once, in its place, everywhere.
// A run that injected too little counts as failed.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "replication/cluster.hpp"

namespace lockstep::test {
namespace {

using std::chrono::milliseconds;

class Storm {
 public:
  explicit Storm(std::uint64_t seed)
      : random_(seed), cluster_(3, [](ClusterNode& node) {
          node.options.vote_timeout = milliseconds(150);
          node.options.write_timeout = milliseconds(300);
          node.options.retry_interval = milliseconds(30);
          node.options.heartbeat_interval = milliseconds(10);
          node.options.tail_cache_bytes = 2000;
        }) {}

  void run(int steps) {
    cluster_.found();
    for (int step = 0; step < steps; ++step) act();
    calm();
    check();
  }

 private:
  std::size_t draw(std::size_t below) { return static_cast<std::size_t>(random_() % below); }
  ClusterNode& any() { return cluster_[1 + draw(3)]; }
  ClusterNode* leader() {
    for (std::size_t i = 1; i <= 3; ++i) {
      if (cluster_[i].status().role == Role::kLeader) return &cluster_[i];
    }
    return nullptr;
  }

  void act() {
    const std::size_t what = draw(100);
    if (what < 70) {
      write(any(), 1 + draw(5));
      if (ClusterNode* node = leader()) write(*node, 1 + draw(8));
    } else if (what < 78) {
      cluster_.network().cut(any().id, any().id);
      ++cuts_;
    } else if (what < 86) {
      cluster_.network().heal_all();
    } else if (what < 91) {
      cluster_.network().drop_connection(any().id, any().id);
    } else if (what < 94) {
      cluster_.restart(1 + draw(3));
      ++restarts_;
    } else {
      if (!any().lead()) ++moves_;
    }
  }

  void write(ClusterNode& node, std::size_t count) {
    std::vector<std::pair<std::string, std::future<WriteOutcome>>> batch;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t padding = draw(20) == 0 ? 100'000 : draw(200);
      std::string text = std::to_string(++written_) + " " + std::string(padding, 'x');
      const WriteOptions options = draw(3) == 0 ? kAsyncWrite : WriteOptions{};
      auto outcome = node.begin_write(text, options);
      batch.emplace_back(std::move(text), std::move(outcome));
    }
    const bool wait = draw(3) == 0;
    for (auto& call : batch) {
      if (wait) {
        note(call.first, await(std::move(call.second)));
      } else {
        open_.push_back(std::move(call));
      }
    }
  }

  void note(const std::string& text, const WriteOutcome& outcome) {
    if (const auto* done = committed(outcome)) {
      acknowledged_[text] = done->id.index;
    } else if (std::holds_alternative<WriteRejected>(outcome)) {
      rejected_.insert(text);
    }
  }

  void calm() {
    cluster_.network().heal_all();
    for (auto& [text, outcome] : open_) note(text, await(std::move(outcome)));
    for (std::size_t tries = 0; leader_ == 0 && tries < 50; ++tries) {
      const std::size_t candidate = 1 + tries % 3;
      if (!cluster_[candidate].lead()) leader_ = candidate;
    }
    ASSERT_NE(leader_, 0u) << "a healed cluster has no leader";
    ASSERT_TRUE(committed(cluster_[leader_].write("the end", {.copies = 3})));
    cluster_.expect_converged(leader_);
  }

  void check() {
    for (std::size_t node = 1; node <= 3; ++node) {
      std::map<std::string, std::vector<Index>> found;
      for (const auto& [index, text] : cluster_[node].engine().applied()) {
        found[text].push_back(Index(index));
      }
      for (const auto& [text, index] : acknowledged_) {
        EXPECT_EQ(found[text], std::vector<Index>{index}) << "lost, moved or doubled on n" << node;
      }
      for (const std::string& text : rejected_) EXPECT_FALSE(found.contains(text));
      EXPECT_FALSE(cluster_[node].status().failure);
    }
    EXPECT_GT(acknowledged_.size(), 50u);
    EXPECT_GT(cuts_, 3);
    EXPECT_GT(restarts_, 0);
    EXPECT_GT(moves_, 0);
  }

  std::mt19937_64 random_;
  Cluster cluster_;
  int written_ = 0;
  int cuts_ = 0;
  int restarts_ = 0;
  int moves_ = 0;
  std::size_t leader_ = 0;
  std::vector<std::pair<std::string, std::future<WriteOutcome>>> open_;
  std::map<std::string, Index> acknowledged_;
  std::set<std::string> rejected_;
};

class RandomRuns : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomRuns, LoseNothingThatWasAcknowledged) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  Storm(GetParam()).run(150);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomRuns, ::testing::Values(1, 2, 3, 4));

}  // namespace
}  // namespace lockstep::test
