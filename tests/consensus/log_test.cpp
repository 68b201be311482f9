#include "consensus/log.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "lockstep/split_mix.hpp"

namespace lockstep::consensus::test {
namespace {

constexpr std::size_t kBudget = 1000;

Entry entry(std::uint64_t index, std::uint64_t term, std::size_t payload_bytes = 60) {
  Entry made;
  made.header.term = Term(term);
  made.header.index = Index(index);
  made.header.payload_bytes = payload_bytes;
  made.encoded =
      SharedBuffer::adopt(std::vector<std::uint8_t>(EntryHeader::kEncodedBytes + payload_bytes));
  return made;
}

/// Entries of these terms, from index 1 on, in the WAL only.
Log stored_log(const std::vector<std::uint64_t>& terms, std::size_t budget = kBudget) {
  WALState state;
  state.bounds = {Index{1}, Index(terms.size())};
  for (std::size_t i = 0; i < terms.size(); ++i) {
    if (i == 0 || terms[i] != terms[i - 1])
      state.term_runs.push_back({Term(terms[i]), Index(i + 1)});
  }
  return Log(state, budget);
}

TEST(Log, EmptyAtFirst) {
  const Log log = stored_log({});
  EXPECT_EQ(log.first_index(), Index{1});
  EXPECT_EQ(log.last(), EntryId{});
  EXPECT_EQ(log.durable_index(), Index{});
  EXPECT_TRUE(log.contains({Index{0}, Term{0}}));
  EXPECT_FALSE(log.contains({Index{1}, Term{1}}));
  EXPECT_EQ(log.closest_to({Index{7}, Term{7}}), EntryId{});
}

TEST(Log, OpensWithWhatTheWalHolds) {
  const Log log = stored_log({1, 1, 3});
  EXPECT_EQ(log.last(), (EntryId{Index{3}, Term{3}}));
  EXPECT_EQ(log.durable_index(), Index{3});
  EXPECT_EQ(log.tail_first_index(), Index{4});
  EXPECT_EQ(log.term_at(Index{2}), Term{1});
  EXPECT_EQ(log.term_at(Index{4}), std::nullopt);
}

TEST(Log, PromisesNothingThatWasCutOff) {
  WALState state;
  state.bounds = {Index{1}, Index{4}};
  state.term_runs = {{Term{1}, Index{1}}, {Term{4}, Index{3}}};
  state.last_promised = {Index{4}, Term{4}};
  Log log(state, kBudget);
  log.truncate_from(Index{3});
  log.append(entry(3, 2));
  EXPECT_EQ(log.promised(), (EntryId{Index{3}, Term{2}}));
}

TEST(Log, OpensBehindABoundary) {
  WALState state;
  state.boundary.emplace();
  state.boundary->last = {Index{10}, Term{4}};
  state.bounds = {Index{11}, Index{12}};
  state.term_runs = {{Term{5}, Index{11}}};
  const Log log(state, kBudget);
  EXPECT_EQ(log.first_index(), Index{11});
  EXPECT_EQ(log.term_at(Index{10}), Term{4});
  EXPECT_EQ(log.term_at(Index{9}), std::nullopt);
  EXPECT_EQ(log.closest_to({Index{12}, Term{4}}), (EntryId{Index{10}, Term{4}}));
  EXPECT_EQ(log.closest_to({Index{12}, Term{5}}), (EntryId{Index{12}, Term{5}}));

  state.bounds = {Index{11}, Index{10}};
  state.term_runs.clear();
  const Log empty(state, kBudget);
  EXPECT_EQ(empty.last(), (EntryId{Index{10}, Term{4}}));
  EXPECT_EQ(empty.durable_index(), Index{10});
}

TEST(Log, AppendsAreInMemoryAndNotDurable) {
  Log log = stored_log({1});
  log.append(entry(2, 1));
  log.append(entry(3, 2));
  EXPECT_EQ(log.last(), (EntryId{Index{3}, Term{2}}));
  EXPECT_EQ(log.durable_index(), Index{1});
  EXPECT_EQ(log.tail_at(Index{3}).header.term, Term{2});
  Digest digest;
  digest.bytes[0] = 9;
  log.set_digest(Index{2}, digest);
  EXPECT_EQ(log.tail_at(Index{2}).digest, digest);
  EXPECT_TRUE(log.tail_at(Index{3}).digest.is_none());
}

TEST(Log, DurableNeverGoesBackNorBeyondTheEnd) {
  Log log = stored_log({});
  for (std::uint64_t i = 1; i <= 4; ++i) log.append(entry(i, 1));
  log.set_durable(Index{3});
  log.set_durable(Index{2});
  EXPECT_EQ(log.durable_index(), Index{3});
  log.set_durable(Index{9});
  EXPECT_EQ(log.durable_index(), Index{4});
}

TEST(Log, TruncationTakesTailTermsAndDurability) {
  Log log = stored_log({1});
  for (std::uint64_t i = 2; i <= 5; ++i) log.append(entry(i, i));
  log.set_durable(Index{4});
  log.truncate_from(Index{3});
  EXPECT_EQ(log.last(), (EntryId{Index{2}, Term{2}}));
  EXPECT_EQ(log.durable_index(), Index{2});
  log.append(entry(3, 9));
  EXPECT_EQ(log.tail_at(Index{3}).header.term, Term{9});
  EXPECT_EQ(log.tail_at(Index{2}).header.term, Term{2});
}

TEST(Log, TruncationReachesBehindTheTail) {
  Log log = stored_log({1, 1, 2, 2});
  log.append(entry(5, 3));
  log.truncate_from(Index{2});
  EXPECT_EQ(log.last(), (EntryId{Index{1}, Term{1}}));
  EXPECT_EQ(log.tail_first_index(), Index{2});
  log.append(entry(2, 4));
  EXPECT_EQ(log.tail_at(Index{2}).header.term, Term{4});
  EXPECT_EQ(log.bytes_after(Index{1}), 100u);
}

TEST(Log, TheTailIsTrimmedToItsBudgetButNeverWhatIsNotDurable) {
  Log log = stored_log({});
  for (std::uint64_t i = 1; i <= 20; ++i) log.append(entry(i, 1));  // 100 bytes each
  log.trim_tail(Index{});
  EXPECT_EQ(log.tail_first_index(), Index{1});
  log.set_durable(Index{5});
  log.trim_tail(Index{});
  EXPECT_EQ(log.tail_first_index(), Index{6});
  log.set_durable(Index{20});
  log.trim_tail(Index{});
  EXPECT_EQ(log.tail_first_index(), Index{11});
  EXPECT_EQ(log.tail_at(Index{11}).header.index, Index{11});
  EXPECT_EQ(log.bytes_after(Index{10}), 1000u);
}

TEST(Log, OfWhatNobodyWantsLittleIsKept) {
  Log log = stored_log({}, 3200);
  for (std::uint64_t i = 1; i <= 20; ++i) log.append(entry(i, 1));  // 100 bytes each
  log.set_durable(Index{19});
  log.trim_tail(Index{5});
  EXPECT_EQ(log.tail_first_index(), Index{5}) << "wanted, and within the budget";
  EXPECT_EQ(log.tail_bytes_in({Index{5}, Index{7}}), 300u);
  log.trim_tail(Index{19});
  EXPECT_EQ(log.tail_first_index(), Index{19}) << "a sixteenth of the budget is two entries";
  log.trim_tail(Index{21});
  EXPECT_EQ(log.tail_first_index(), Index{19});
}

TEST(Log, ABudgetOfNothingKeepsNothingDurable) {
  Log log = stored_log({}, 0);
  log.append(entry(1, 1));
  log.set_durable(Index{1});
  log.trim_tail(Index{});
  EXPECT_EQ(log.tail_first_index(), Index{2});
  log.append(entry(2, 1));
  EXPECT_EQ(log.tail_at(Index{2}).header.index, Index{2});
}

TEST(Log, BatchesEndAtTheBudgetAndHoldAtLeastOne) {
  Log log = stored_log({});
  for (std::uint64_t i = 1; i <= 10; ++i) log.append(entry(i, 1));
  EXPECT_EQ(log.last_within(Index{1}, 0), Index{1});
  EXPECT_EQ(log.last_within(Index{1}, 263), Index{1});
  EXPECT_EQ(log.last_within(Index{1}, 264), Index{2});
  EXPECT_EQ(log.last_within(Index{4}, 450), Index{6});
  EXPECT_EQ(log.last_within(Index{4}, 100000), Index{10});
  EXPECT_EQ(log.last_within(Index{10}, 100000), Index{10});
}

/// Against the definition, looked up entry by entry.
TEST(Log, ClosestIsTheLargestNotAboveInIndexAndTerm) {
  SplitMix64 rng(3);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::uint64_t> terms;
    for (std::size_t i = rng.below(20); i > 0; --i) {
      terms.push_back((terms.empty() ? 1 : terms.back()) + (rng.one_in(3) ? 1 + rng.below(2) : 0));
    }
    const Log log = stored_log(terms);
    for (std::uint64_t index = 0; index < 23; ++index) {
      for (std::uint64_t term = 0; term < 16; ++term) {
        EntryId wanted;
        for (std::uint64_t i = 1; i <= std::min<std::uint64_t>(index, terms.size()); ++i) {
          if (terms[i - 1] <= term) wanted = {Index(i), Term(terms[i - 1])};
        }
        ASSERT_EQ(log.closest_to({Index(index), Term(term)}), wanted);
      }
    }
  }
}

TEST(Log, ReleasesItsBeginning) {
  Log log = stored_log({1, 1, 2, 2});
  for (std::uint64_t i = 5; i <= 8; ++i) log.append(entry(i, 3));
  log.set_durable(Index{8});
  log.mark_damaged({Index{2}, Index{3}});
  EXPECT_EQ(log.intact_index(), Index{1});
  log.release_prefix({Index{3}, Term{2}});
  EXPECT_EQ(log.first_index(), Index{4});
  EXPECT_EQ(log.term_at(Index{3}), Term{2}) << "of the boundary";
  EXPECT_EQ(log.term_at(Index{2}), std::nullopt);
  EXPECT_EQ(log.term_at(Index{4}), Term{2});
  EXPECT_TRUE(log.damaged().empty()) << "what is released is damaged no more";
  EXPECT_EQ(log.intact_index(), Index{8});
  EXPECT_EQ(log.closest_to({Index{9}, Term{1}}), (EntryId{Index{3}, Term{2}}));
  log.release_prefix({Index{6}, Term{3}});
  EXPECT_EQ(log.tail_first_index(), Index{7});
  EXPECT_EQ(log.tail_at(Index{8}).header.index, Index{8});
  log.release_prefix({Index{5}, Term{3}});
  EXPECT_EQ(log.first_index(), Index{7}) << "it was released before";
  log.release_prefix({Index{8}, Term{3}});
  EXPECT_EQ(log.last(), (EntryId{Index{8}, Term{3}}));
  log.append(entry(9, 4));
  EXPECT_EQ(log.term_at(Index{9}), Term{4});
}

TEST(Log, BeginsAnewBehindASnapshot) {
  Log log = stored_log({1, 1, 2, 2});
  log.append(entry(5, 3));
  log.mark_damaged({Index{2}, Index{3}});
  log.reset({Index{3}, Term{4}});
  EXPECT_EQ(log.first_index(), Index{4});
  EXPECT_EQ(log.last(), (EntryId{Index{3}, Term{4}}));
  EXPECT_EQ(log.promised(), log.last());
  EXPECT_EQ(log.intact_index(), Index{3});
  EXPECT_FALSE(log.contains({Index{4}, Term{2}}));
  log.append(entry(4, 4));
  EXPECT_EQ(log.tail_at(Index{4}).header.term, Term{4});
}

TEST(Log, TellsWhereItsLastBytesBegin) {
  Log log = stored_log({});
  for (std::uint64_t i = 1; i <= 10; ++i) log.append(entry(i, 1));
  const std::uint64_t each = log.size_bytes() / 10;
  EXPECT_EQ(log.begin_of_last(0), Index{10});
  EXPECT_EQ(log.begin_of_last(each), Index{9});
  EXPECT_EQ(log.begin_of_last(each * 3 + 1), Index{7});
  EXPECT_EQ(log.begin_of_last(each * 100), Index{0});
}

}  // namespace
}  // namespace lockstep::consensus::test
