#include "replication/proposal_queue.hpp"

#include <gtest/gtest.h>

namespace lockstep::replication {
namespace {

constexpr std::size_t kOverhead = ProposedWrite::kOverheadBytes;
constexpr std::size_t kPlenty = 1 << 20;
using Push = ProposalQueue::Push;
using Write = std::shared_ptr<ProposedWrite>;

Write write_of(std::size_t payload_bytes, bool ready = true) {
  auto write = std::make_shared<ProposedWrite>();
  write->proposal.payload_bytes = payload_bytes;
  write->ready = ready;
  return write;
}

TEST(ProposalQueue, AsksForOneDrainUntilItIsDone) {
  ProposalQueue queue(kPlenty);
  EXPECT_EQ(queue.push(write_of(1)), Push::kFirst);
  EXPECT_EQ(queue.push(write_of(1)), Push::kQueued);
  EXPECT_EQ(queue.take_ready(kPlenty).writes.size(), 2u);
  EXPECT_EQ(queue.push(write_of(1)), Push::kFirst);
}

TEST(ProposalQueue, KeepsTheOrderWhileALargePayloadIsHashed) {
  ProposalQueue queue(kPlenty);
  const Write first = write_of(1);
  const Write large = write_of(2, false);
  const Write last = write_of(3);
  EXPECT_EQ(queue.push(first), Push::kFirst);
  EXPECT_EQ(queue.push(large), Push::kQueued);
  EXPECT_EQ(queue.push(last), Push::kQueued);
  EXPECT_EQ(queue.take_ready(kPlenty).writes, (std::vector<Write>{first}));
  EXPECT_TRUE(queue.take_ready(kPlenty).writes.empty()) << "the large one holds up the last";
  EXPECT_TRUE(queue.set_ready(large)) << "nobody else will drain";
  EXPECT_EQ(queue.take_ready(kPlenty).writes, (std::vector<Write>{large, last}));
}

TEST(ProposalQueue, AWorkerNeedNotAskForADrainThatIsAskedFor) {
  ProposalQueue queue(kPlenty);
  const Write large = write_of(2, false);
  EXPECT_EQ(queue.push(large), Push::kFirst);
  EXPECT_FALSE(queue.set_ready(large));
  EXPECT_EQ(queue.take_ready(kPlenty).writes, (std::vector<Write>{large}));
}

TEST(ProposalQueue, TakesNoMoreThanFitsOneStepButOneAtLeast) {
  ProposalQueue queue(kPlenty);
  const Write a = write_of(100);
  const Write b = write_of(100);
  const Write c = write_of(1000);
  for (const Write& write : {a, b, c}) (void)queue.push(write);
  const auto first = queue.take_ready(2 * (100 + kOverhead));
  EXPECT_EQ(first.writes, (std::vector<Write>{a, b}));
  EXPECT_TRUE(first.more);
  EXPECT_EQ(queue.push(write_of(1)), Push::kQueued) << "the drain that is due takes it too";
  const auto second = queue.take_ready(1);
  EXPECT_EQ(second.writes, (std::vector<Write>{c}));
  EXPECT_TRUE(second.more);
  EXPECT_FALSE(queue.take_ready(kPlenty).more);
}

TEST(ProposalQueue, BudgetIsHeldUntilReleased) {
  ProposalQueue queue(2 * (100 + kOverhead));
  EXPECT_EQ(queue.push(write_of(100)), Push::kFirst);
  EXPECT_EQ(queue.push(write_of(100)), Push::kQueued);
  EXPECT_EQ(queue.push(write_of(0)), Push::kOverBudget);
  (void)queue.take_ready(kPlenty);
  EXPECT_EQ(queue.push(write_of(100)), Push::kOverBudget) << "in the log, not committed";
  queue.release(100 + kOverhead);
  EXPECT_EQ(queue.push(write_of(101)), Push::kOverBudget);
  EXPECT_EQ(queue.push(write_of(100)), Push::kFirst);
}

TEST(ProposalQueue, OneWriteAlwaysFitsAnEmptyBudget) {
  ProposalQueue queue(10);
  EXPECT_EQ(queue.push(write_of(100)), Push::kFirst);
  EXPECT_EQ(queue.push(write_of(0)), Push::kOverBudget);
  queue.release(100 + kOverhead);
  (void)queue.take_ready(kPlenty);
  EXPECT_EQ(queue.push(write_of(100)), Push::kFirst);
}

TEST(ProposalQueue, ClosedItGivesBackWhatWasQueuedAndRefusesTheRest) {
  ProposalQueue queue(kPlenty);
  const Write small = write_of(1);
  const Write large = write_of(2, false);
  (void)queue.push(large);
  (void)queue.push(small);
  EXPECT_EQ(queue.close(), (std::vector<Write>{large, small}));
  EXPECT_EQ(queue.push(write_of(1)), Push::kClosed);
  EXPECT_FALSE(queue.set_ready(large)) << "its worker has nobody to wake";
  EXPECT_TRUE(queue.take_ready(kPlenty).writes.empty());
  EXPECT_TRUE(queue.close().empty());
}

}  // namespace
}  // namespace lockstep::replication
