#include "base/checkpoint_chain.hpp"

#include <gtest/gtest.h>

namespace lockstep {
namespace {

Digest digest_of(std::uint64_t entry) {
  Digest digest;
  digest.bytes[0] = static_cast<std::uint8_t>(entry);
  digest.bytes[1] = static_cast<std::uint8_t>(entry >> 8);
  digest.bytes[31] = 1;
  return digest;
}

/// As the design says it, all at once.
Digest checkpoint_slowly(Sha256& sha, const Digest& previous, std::uint64_t first) {
  std::vector<std::uint8_t> bytes(previous.bytes.begin(), previous.bytes.end());
  for (std::uint64_t i = first; i < first + CheckpointChain::kInterval; ++i) {
    const Digest digest = digest_of(i);
    bytes.insert(bytes.end(), digest.bytes.begin(), digest.bytes.end());
  }
  return sha.hash(ByteSpan(bytes));
}

TEST(CheckpointChain, ChainsTheDigestsOfEvery1024Entries) {
  Sha256 sha;
  CheckpointChain chain;
  std::vector<LogCheckpoint> made;
  for (std::uint64_t i = 1; i <= 2500; ++i) {
    if (const auto checkpoint = chain.add(sha, digest_of(i))) made.push_back(*checkpoint);
    EXPECT_EQ(chain.index(), Index(i));
  }
  const Digest first = checkpoint_slowly(sha, Digest{}, 1);
  const Digest second = checkpoint_slowly(sha, first, 1025);
  EXPECT_EQ(made, (std::vector<LogCheckpoint>{{Index(1024), first}, {Index(2048), second}}));
  EXPECT_EQ(chain.newest(), made.back());
  ASSERT_EQ(chain.since().size(), 2500u - 2048u);
  EXPECT_EQ(chain.since().front(), digest_of(2049));
}

TEST(CheckpointChain, GoesOnFromAnyPlace) {
  Sha256 sha;
  CheckpointChain whole;
  for (std::uint64_t i = 1; i <= 1500; ++i) (void)whole.add(sha, digest_of(i));
  auto resumed = CheckpointChain::at(whole.newest(), whole.since());
  ASSERT_TRUE(resumed);
  EXPECT_EQ(*resumed, whole);
  for (std::uint64_t i = 1501; i <= 2048; ++i) {
    EXPECT_EQ(resumed->add(sha, digest_of(i)), whole.add(sha, digest_of(i)));
  }
}

TEST(CheckpointChain, OneOtherEntryChangesEveryLaterCheckpoint) {
  Sha256 sha;
  CheckpointChain one;
  CheckpointChain other;
  for (std::uint64_t i = 1; i <= 3072; ++i) {
    (void)one.add(sha, digest_of(i));
    (void)other.add(sha, digest_of(i == 700 ? 0 : i));
    if (i % 1024 != 0) continue;
    EXPECT_NE(one.newest().digest, other.newest().digest);
  }
}

TEST(CheckpointChain, RefusesWhatIsNoPlaceInAChain) {
  const Digest some = digest_of(1);
  EXPECT_FALSE(CheckpointChain::at({Index(1000), some}, {}));
  EXPECT_FALSE(CheckpointChain::at({Index(1024), Digest{}}, {}));
  EXPECT_FALSE(CheckpointChain::at({Index(0), some}, {}));
  EXPECT_FALSE(CheckpointChain::at({Index(1024), some}, std::vector<Digest>(1024, some)));
  EXPECT_TRUE(CheckpointChain::at({Index(1024), some}, std::vector<Digest>(1023, some)));
  EXPECT_EQ(CheckpointChain::checkpoint_before(Index(1023)), Index(0));
  EXPECT_EQ(CheckpointChain::checkpoint_before(Index(2048)), Index(2048));
}

}  // namespace
}  // namespace lockstep
