// The chain of checkpoints (design section 6): alike on every member, and gone on with over
// restarts.
#include <gtest/gtest.h>

#include "replication/cluster.hpp"
#include "replication/sealed_pairs.hpp"
#include "replication/snapshot_format.hpp"

namespace lockstep::test {
namespace {

void durable_engine(ClusterNode& node) { node.engine_disk = std::make_shared<EngineDisk>(); }

std::optional<LogCheckpoint> newest_checkpoint(ClusterNode& node) {
  const std::lock_guard lock(node.engine_disk->mutex);
  const auto& pairs = node.engine_disk->pairs;
  return replication::checkpoint_in({pairs.begin(), pairs.end()});
}

/// Until the leader, n1, has committed this index.
void fill_up_to(Cluster& cluster, std::uint64_t index) {
  std::vector<std::future<WriteOutcome>> writes;
  for (std::uint64_t i = cluster[1].status().last_index.value(); i < index; ++i) {
    writes.push_back(cluster[1].begin_write("write " + std::to_string(i)));
  }
  for (auto& write : writes) ASSERT_TRUE(committed(await(std::move(write))));
  cluster.expect_converged();
}

TEST(Checkpoints, AreAlikeOnEveryMember) {
  Cluster cluster(3, durable_engine);
  cluster.found();
  fill_up_to(cluster, 1023);
  EXPECT_FALSE(newest_checkpoint(cluster[1])) << "at every 1,024th index, whatever its kind";
  fill_up_to(cluster, 2500);
  const auto newest = newest_checkpoint(cluster[1]);
  ASSERT_TRUE(newest);
  EXPECT_EQ(newest->index, Index(2048));
  EXPECT_EQ(newest_checkpoint(cluster[2]), newest);
  EXPECT_EQ(newest_checkpoint(cluster[3]), newest);
}

/// Of a node that was down in between, of one that was not, and of one whose restart fell on a
/// place in the middle.
TEST(Checkpoints, GoOnAfterARestart) {
  Cluster cluster(3, durable_engine);
  cluster.found();
  fill_up_to(cluster, 700);
  cluster.restart(2);
  fill_up_to(cluster, 1500);
  const auto first = newest_checkpoint(cluster[1]);
  EXPECT_EQ(newest_checkpoint(cluster[2]), first);
  cluster.restart(3);
  fill_up_to(cluster, 2100);
  const auto second = newest_checkpoint(cluster[1]);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->index, Index(2048));
  EXPECT_NE(second, first);
  EXPECT_EQ(newest_checkpoint(cluster[2]), second);
  EXPECT_EQ(newest_checkpoint(cluster[3]), second);
}

/// An entry that the engine has applied, and that the chain needs, cannot be read at the start.
TEST(Checkpoints, AreMadeAgainOnceTheLogIsRepaired) {
  Cluster cluster(3, durable_engine);
  cluster.found();
  fill_up_to(cluster, 500);
  cluster[3].stop();
  cluster[3].faults->unreadable = 400;
  cluster[3].faults->repairs = true;
  cluster[3].start();
  EXPECT_TRUE(eventually([&] { return cluster[3].metrics().entries_repaired == 1; }));
  fill_up_to(cluster, 2100);
  EXPECT_EQ(newest_checkpoint(cluster[3]), newest_checkpoint(cluster[1]));
}

/// The same, and nobody can give it back: all others have released it. The leader's image tells how
/// the chain goes on.
TEST(Checkpoints, AreMadeAgainThoughNobodyHasTheEntriesAnyMore) {
  Cluster cluster(3, durable_engine);
  cluster.found();
  fill_up_to(cluster, 20);
  ASSERT_FALSE(await(cluster[3].manager().trigger_snapshot()));
  fill_up_to(cluster, 40);
  cluster[3].stop();
  cluster[3].faults->unreadable = 30;
  for (std::size_t node : {1u, 2u}) {
    ASSERT_FALSE(await(cluster[node].manager().trigger_snapshot()));
    ASSERT_GT(cluster[node].status().first_index, Index(30));
  }
  cluster[3].start();
  ASSERT_EQ(cluster[3].status().first_index, Index(21));
  EXPECT_TRUE(eventually([&] { return cluster[3].status().first_index > Index(30); }));
  EXPECT_TRUE(cluster[3].status().damaged.empty());
  EXPECT_EQ(cluster[3].engine().installs, 0) << "the engine has it all";
  fill_up_to(cluster, 2100);
  EXPECT_EQ(newest_checkpoint(cluster[3]), newest_checkpoint(cluster[1]));
  EXPECT_FALSE(await(cluster[3].manager().trigger_snapshot()));
}

TEST(Checkpoints, OfABoundaryTellWhatWasBeforeIt) {
  Sha256 sha;
  CheckpointChain chain;
  std::map<Index, CheckpointChain> stood;
  for (std::uint8_t i = 0; chain.index() < Index(1034); ++i) {
    Digest digest;
    digest.bytes[i % Digest::kBytes] = std::uint8_t(i + 1);
    (void)chain.add(sha, digest);
    stood.emplace(chain.index(), chain);
  }
  const Boundary boundary{{chain.index(), Term(2)}, {}, chain.newest().digest, chain.since()};
  for (const std::uint64_t index : {1024u, 1025u, 1033u, 1034u}) {
    EXPECT_EQ(replication::chain_up_to(Index(index), boundary), stood.at(Index(index))) << index;
  }
  EXPECT_EQ(replication::chain_up_to(Index(2000), boundary), chain);
  EXPECT_FALSE(replication::chain_up_to(Index(1023), boundary)) << "before its checkpoint";
}

TEST(Checkpoints, TellOfADivergenceAtBothEnds) {
  Cluster cluster(3, durable_engine);
  cluster.found();
  fill_up_to(cluster, 1100);
  cluster[3].stop();
  // As if something else had been committed here.
  const auto right = newest_checkpoint(cluster[3]);
  LogCheckpoint wrong = *right;
  wrong.digest.bytes[5] ^= 1;
  {
    const std::lock_guard lock(cluster[3].engine_disk->mutex);
    const SealedPair pair = replication::checkpoint_pair(wrong);
    cluster[3].engine_disk->pairs[pair.key] = *pair.value;
  }
  cluster[3].start();
  fill_up_to(cluster, 2100);
  const auto is_told = [&](std::size_t node, const NodeId& other) {
    return eventually([&] {
      const auto events = cluster[node].events_of<Diverged>();
      return events.size() == 1 && events[0].node == other &&
             events[0].newest_equal < events[0].first_different;
    });
  };
  EXPECT_TRUE(is_told(1, NodeId("n3")));
  EXPECT_TRUE(is_told(3, NodeId("n1")));
  EXPECT_EQ(cluster[1].metrics().divergences, 1u);
  EXPECT_TRUE(cluster[2].events_of<Diverged>().empty());
  EXPECT_EQ(newest_checkpoint(cluster[2]), newest_checkpoint(cluster[1]));
}

TEST(Checkpoints, AreNotMadeUpOfWhatIsNotKnown) {
  Cluster cluster(3, durable_engine);
  cluster.found();
  fill_up_to(cluster, 500);
  cluster[3].stop();
  cluster[3].faults->unreadable = 400;
  cluster[3].start();
  fill_up_to(cluster, 1100);
  EXPECT_FALSE(newest_checkpoint(cluster[3]));
}

TEST(Checkpoints, PairsAreReadBackOrRefused) {
  const LogCheckpoint checkpoint{Index(2048), Sha256().hash(as_bytes("x"))};
  const SealedPair pair = replication::checkpoint_pair(checkpoint);
  EXPECT_EQ(replication::checkpoint_in({{"other", "1"}, {pair.key, *pair.value}}), checkpoint);
  for (const std::string& wrong :
       {std::string(), std::string("2048:"), *pair.value + "0", "x" + *pair.value}) {
    EXPECT_FALSE(replication::checkpoint_in({{pair.key, wrong}})) << wrong;
  }
  std::string not_hex = *pair.value;
  not_hex.back() = 'g';
  EXPECT_FALSE(replication::checkpoint_in({{pair.key, not_hex}}));
  EXPECT_FALSE(replication::checkpoint_in({}));
}

}  // namespace
}  // namespace lockstep::test
