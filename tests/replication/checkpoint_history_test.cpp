#include "replication/checkpoint_history.hpp"

#include <gtest/gtest.h>

#include <map>

namespace lockstep::replication {
namespace {

/// The history beside the chain as it stood at every place.
class CheckpointHistoryTest : public ::testing::Test {
 protected:
  void grow(std::uint64_t up_to) {
    while (chain_.index() < Index(up_to)) {
      Digest digest;
      digest.bytes[0] = 1;
      digest.bytes[1] = static_cast<std::uint8_t>(chain_.index().value());
      digest.bytes[2] = static_cast<std::uint8_t>(chain_.index().value() >> 8);
      const auto made = chain_.add(sha_, digest);
      history_.add({&digest, 1}, {made ? &*made : nullptr, made ? 1u : 0u});
      if (keeps_all_) all_.emplace(chain_.index(), chain_);
    }
  }

  Sha256 sha_;
  CheckpointChain chain_;
  CheckpointHistory history_;
  bool keeps_all_ = true;
  std::map<Index, CheckpointChain> all_;
};

TEST_F(CheckpointHistoryTest, TellsTheChainAtEveryRecentPlace) {
  EXPECT_FALSE(history_.is_known());
  history_.reset(chain_);
  grow(2200);
  for (const auto& [index, chain] : all_) {
    EXPECT_EQ(history_.at(index), chain) << to_string(index);
    EXPECT_EQ(history_.last_known(index), index);
  }
  EXPECT_EQ(history_.at(Index(0)), CheckpointChain());
  EXPECT_FALSE(history_.at(Index(2201)));
  EXPECT_EQ(history_.last_known(Index(9999)), Index(2200));
}

TEST_F(CheckpointHistoryTest, OfOlderOnesOnlyTheCheckpoints) {
  keeps_all_ = false;
  history_.reset(chain_);
  grow(1024);
  const CheckpointChain first = chain_;
  grow(20'000);
  EXPECT_EQ(history_.at(Index(1024)), first);
  EXPECT_FALSE(history_.at(Index(1025)));
  EXPECT_EQ(history_.last_known(Index(2047)), Index(1024));
  EXPECT_EQ(history_.last_known(Index(20'000 - 2000)), Index(20'000 - 2000));
  EXPECT_EQ(history_.newest(), chain_.newest());
}

TEST_F(CheckpointHistoryTest, BeginsInTheMiddle) {
  keeps_all_ = false;
  grow(3000);
  history_.reset(chain_);
  EXPECT_EQ(history_.at(Index(3000)), chain_);
  EXPECT_FALSE(history_.last_known(Index(2047)));
  EXPECT_EQ(history_.last_known(Index(2048)), Index(2048));
  grow(3001);
  EXPECT_EQ(history_.at(Index(3001)), chain_);
  history_.forget();
  EXPECT_FALSE(history_.is_known());
  EXPECT_FALSE(history_.at(Index(3001)));
  EXPECT_FALSE(history_.newest());
}

}  // namespace
}  // namespace lockstep::replication
