// What a scenario script does not show: effects themselves, and a core that has failed.
#include "consensus/core.hpp"

#include <gtest/gtest.h>

#include "consensus/cluster.hpp"
#include "consensus/configuration_codec.hpp"
#include "consensus/reading.hpp"

namespace lockstep::consensus::test {
namespace {

using std::chrono::milliseconds;

const NodeId kSelf("1");
const NodeId kPeer("2");
const std::vector<NodeId> kMembers = {kSelf, kPeer, NodeId("3")};
constexpr MonotonicTime kNow{std::chrono::hours(1)};

Sha256& sha() {
  static Sha256 instance;
  return instance;
}

PeerMessage from_peer(MessageBody body) {
  return {kPeer, founding_record(kMembers).epoch, incarnation_of(kPeer), std::move(body)};
}

AppendEntries append(Term term, EntryId previous, std::vector<Entry> entries) {
  return {term, previous, Index{}, {}, std::move(entries)};
}

/// Node 1 of three, with the bootstrap entry.
Core founded_core() {
  const BootstrapRecord record = founding_record(kMembers);
  Stored stored;
  stored.identity = {record.cluster, kGroup, record.epoch, kSelf, incarnation_of(kSelf)};
  stored.hard_state.current_term = Term{1};
  stored.entries.push_back(make_entry(sha(), {Index{1}, Term{1}}, "config", kMembers));
  return Core(test_options(), recover(stored, Index{}), kNow);
}

/// Leads in term 2, with the no-op written.
Core leading_core() {
  Core core = founded_core();
  core.campaign(CallId{1});
  core.durable_up_to(core.take_effects().write->number);
  core.receive(from_peer(VoteResponse{Term{2}, true, false, false, Term{2}}));
  core.durable_up_to(core.take_effects().write->number);
  (void)core.take_effects();
  return core;
}

std::vector<Proposal> proposals(std::size_t count) {
  std::vector<Proposal> made(count);
  for (Proposal& proposal : made) {
    proposal.payload_bytes = 1;
    proposal.memory = Payload(std::string_view("x")).release();
  }
  return made;
}

bool wants_nothing(const Effects& effects) {
  return effects.entries_to_seal.empty() && effects.messages_to_send_now.empty() &&
         !effects.write && effects.messages_to_send_after_sync.empty() &&
         effects.reads_wanted.empty() && !effects.commit_index && !effects.failure;
}

TEST(Core, AnEventWithoutConsequencesHasNoEffects) {
  Core core = founded_core();
  EXPECT_TRUE(wants_nothing(core.take_effects()));
  core.tick(kNow + milliseconds(10));
  EXPECT_TRUE(wants_nothing(core.take_effects()));
  core.durable_up_to(WriteNumber{});
  EXPECT_TRUE(wants_nothing(core.take_effects()));
}

TEST(Core, EffectsAreTakenOnce) {
  Core core = founded_core();
  core.campaign(CallId{1});
  EXPECT_TRUE(core.take_effects().write);
  EXPECT_TRUE(wants_nothing(core.take_effects()));
}

TEST(Core, AProposalIsOneWriteAndOneAppendToEachFollower) {
  Core core = leading_core();
  core.receive(from_peer(AppendResponse{Term{2}, true, Index{2}, {}, {}}));
  (void)core.take_effects();
  core.propose(proposals(5));
  const Effects effects = core.take_effects();
  EXPECT_EQ(effects.entries_to_seal.size(), 5u);
  ASSERT_TRUE(effects.write);
  EXPECT_EQ(effects.write->entries, (IndexRange{Index{3}, Index{7}}));
  EXPECT_FALSE(effects.write->hard_state);
  // To the one that streams; the other one is still being probed.
  ASSERT_EQ(effects.messages_to_send_now.size(), 1u);
  const auto& sent = std::get<AppendEntries>(effects.messages_to_send_now.front().body);
  EXPECT_EQ(sent.range, (IndexRange{Index{3}, Index{7}}));
  EXPECT_TRUE(effects.messages_to_send_after_sync.empty());
}

TEST(Core, NoProposalsNoWrite) {
  Core core = leading_core();
  core.propose({});
  EXPECT_TRUE(wants_nothing(core.take_effects()));
}

TEST(Core, AFailedWriteEndsTheCandidacyAndItsCall) {
  Core core = founded_core();
  core.campaign(CallId{5});
  (void)core.take_effects();
  core.write_failed(Errc::kSyncFailed);
  const Effects effects = core.take_effects();
  ASSERT_TRUE(effects.failure);
  EXPECT_TRUE(*effects.failure == Errc::kSyncFailed);
  ASSERT_EQ(effects.answers.size(), 1u);
  EXPECT_EQ(effects.answers.front().call, CallId{5});
  EXPECT_TRUE(effects.answers.front().error == Errc::kSyncFailed);
}

TEST(Core, AfterAFailureItTakesNoPart) {
  Core core = leading_core();
  core.write_failed(Errc::kSyncFailed);
  (void)core.take_effects();
  EXPECT_TRUE(core.failed());
  EXPECT_EQ(core.role(), Role::kFollower);

  core.tick(kNow + milliseconds(5000));
  core.receive(from_peer(VoteRequest{Term{9}, {Index{9}, Term{9}}, true}));
  core.receive(from_peer(Heartbeat{Term{9}, Index{1}}));
  core.receive(from_peer(append(Term{9}, {Index{2}, Term{2}}, {})));
  core.durable_up_to(WriteNumber{99});
  core.link_up(kPeer);
  core.link_lost(kPeer);
  core.send_failed(kPeer);
  core.read_done(1, {});
  core.feed(kPeer);
  core.write_failed(Errc::kIo);
  EXPECT_TRUE(wants_nothing(core.take_effects()));
  EXPECT_EQ(core.term(), Term{2});

  // Calls are answered all the same.
  core.campaign(CallId{7});
  core.bootstrap(CallId{8}, kMembers, ClusterId{}, Epoch{});
  core.become_follower_by_command(CallId{9});
  EXPECT_EQ(core.take_effects().answers.size(), 3u);
}

/// The write that a later term began, and the answers, may rest on what is broken.
TEST(Core, AFailureTakesBackWhatTheEventWanted) {
  Core core = founded_core();
  const Entry unknown =
      make_entry(sha(), {Index{2}, Term{4}}, static_cast<EntryKind>(77), ByteSpan{});
  core.receive(from_peer(append(Term{4}, {Index{1}, Term{1}}, {unknown})));
  const Effects effects = core.take_effects();
  ASSERT_TRUE(effects.failure);
  EXPECT_TRUE(*effects.failure == Errc::kUnknownEntryKind);
  EXPECT_FALSE(effects.write);
  EXPECT_TRUE(effects.messages_to_send_now.empty());
  EXPECT_TRUE(effects.messages_to_send_after_sync.empty());
}

TEST(Core, ALeaderThatContradictsACommittedEntryBreaksAnInvariant) {
  Core core = founded_core();
  core.receive(from_peer(AppendEntries{Term{2}, {Index{1}, Term{1}}, Index{1}, {}, {}}));
  (void)core.take_effects();
  core.receive(from_peer(append(Term{2}, {Index{1}, Term{2}}, {})));
  const Effects effects = core.take_effects();
  ASSERT_TRUE(effects.failure);
  EXPECT_TRUE(*effects.failure == Errc::kInvariantBroken);
}

TEST(Core, TwoLeadersOfOneTermBreakAnInvariant) {
  Core core = leading_core();
  core.receive(from_peer(Heartbeat{Term{2}, Index{}}));
  const Effects effects = core.take_effects();
  ASSERT_TRUE(effects.failure);
  EXPECT_TRUE(*effects.failure == Errc::kInvariantBroken);
}

TEST(Core, AnAppliedIndexBeyondTheCommitIndexBreaksAnInvariant) {
  Core core = founded_core();
  core.applied_up_to(Index{1});
  core.tick(kNow);
  ASSERT_TRUE(core.take_effects().failure);
}

/// A read that gives nothing, or comes too late, must not stop the feeding for good.
TEST(Core, AnEmptyReadIsAFailedOne) {
  const BootstrapRecord record = founding_record(kMembers);
  Stored stored;
  stored.identity = {record.cluster, kGroup, record.epoch, kSelf, incarnation_of(kSelf)};
  stored.hard_state.current_term = Term{1};
  stored.entries.push_back(make_entry(sha(), {Index{1}, Term{1}}, "config", kMembers));
  stored.entries.push_back(make_entry(sha(), {Index{2}, Term{1}}, "x", kMembers));
  Core core(test_options(), recover(stored, Index{}), kNow);
  core.campaign(CallId{1});
  core.durable_up_to(core.take_effects().write->number);
  core.receive(from_peer(VoteResponse{Term{2}, true, false, false, Term{2}}));
  (void)core.take_effects();
  core.receive(from_peer(AppendResponse{Term{2}, false, {}, Index{2}, {Index{1}, Term{1}}}));
  (void)core.take_effects();
  core.receive(from_peer(AppendResponse{Term{2}, true, Index{1}, {}, {}}));
  const Effects effects = core.take_effects();
  ASSERT_EQ(effects.reads_wanted.size(), 1u);
  core.read_done(effects.reads_wanted.front().id, {});
  EXPECT_TRUE(core.take_effects().reads_wanted.empty());
  core.tick(kNow + milliseconds(300));
  EXPECT_EQ(core.take_effects().reads_wanted.size(), 1u);
}

/// Under a steady load a follower is never level at a tick, and yet not behind for long.
TEST(Core, LagInTimeIsThatOfWhatWaits) {
  Core core = leading_core();
  MonotonicTime now = kNow;
  for (std::uint64_t i = 0; i < 10; ++i) {
    core.propose(proposals(1));
    const Index acknowledged(2 + i);  // all but the newest
    core.receive(from_peer(AppendResponse{Term{2}, true, acknowledged, {}, {}}));
    now += milliseconds(10);
    core.tick(now);
    (void)core.take_effects();
  }
  const auto& follower = core.leadership()->followers.at(kPeer);
  EXPECT_LE(now - follower.level_at, milliseconds(30));
  EXPECT_GE(now - core.leadership()->followers.at(NodeId("3")).level_at, milliseconds(90));
}

TEST(Core, WhatFoundNoRoomIsWrittenAgainAsOne) {
  Core core = leading_core();
  const Index first = core.log().last_index().next();
  core.propose(proposals(2));
  const WriteNumber refused = core.take_effects().write->number;
  core.propose(proposals(3));
  (void)core.take_effects();
  core.no_space();
  EXPECT_FALSE(core.take_effects().write) << "term and vote are durable, and entries wait";
  core.propose(proposals(1));
  EXPECT_FALSE(core.take_effects().write);
  core.write_again();
  const auto again = core.take_effects().write;
  ASSERT_TRUE(again);
  EXPECT_EQ(again->number, WriteNumber(refused.value() + 2));
  EXPECT_EQ(again->truncate_from, first);
  EXPECT_EQ(again->entries, (IndexRange{first, core.log().last_index()}));
  EXPECT_EQ(core.log().durable_index(), first.previous());
  core.durable_up_to(again->number);
  EXPECT_EQ(core.log().durable_index(), core.log().last_index());
  core.write_again();
  EXPECT_FALSE(core.take_effects().write) << "nothing waits";
}

TEST(Core, WhatWasCutWhileThereWasNoRoomIsCutWhenItIsWrittenAgain) {
  Core core = founded_core();
  const EntryId founding{Index{1}, Term{1}};
  core.receive(from_peer(append(Term{2}, founding,
                                {make_entry(sha(), {Index{2}, Term{2}}, "noop", kMembers),
                                 make_entry(sha(), {Index{3}, Term{2}}, "a", kMembers)})));
  core.durable_up_to(core.take_effects().write->number);
  (void)core.take_effects();
  core.receive(from_peer(append(Term{3}, {Index{2}, Term{2}},
                                {make_entry(sha(), {Index{3}, Term{3}}, "b", kMembers)})));
  (void)core.take_effects();
  core.receive(from_peer(append(Term{3}, {Index{3}, Term{3}},
                                {make_entry(sha(), {Index{4}, Term{3}}, "c", kMembers)})));
  (void)core.take_effects();
  core.no_space();
  // The term needs no room to speak of, and answers wait for it.
  const auto state = core.take_effects().write;
  ASSERT_TRUE(state);
  EXPECT_TRUE(state->entries.empty());
  EXPECT_FALSE(state->truncate_from);
  EXPECT_EQ(state->hard_state->current_term, Term{3});
  core.durable_up_to(state->number);
  (void)core.take_effects();
  EXPECT_EQ(core.log().durable_index(), Index{2});
  core.write_again();
  const auto again = core.take_effects().write;
  ASSERT_TRUE(again);
  EXPECT_EQ(again->truncate_from, Index{3});
  EXPECT_EQ(again->entries, (IndexRange{Index{3}, Index{4}}));
}

TEST(Core, AFullDiskStillTakesAVote) {
  Core core = founded_core();
  const EntryId founding{Index{1}, Term{1}};
  core.receive(from_peer(
      append(Term{2}, founding, {make_entry(sha(), {Index{2}, Term{2}}, "noop", kMembers)})));
  (void)core.take_effects();
  core.no_space();
  core.durable_up_to(core.take_effects().write->number);
  (void)core.take_effects();
  core.receive(from_peer(VoteRequest{Term{3}, {Index{2}, Term{2}}, true}));
  const Effects effects = core.take_effects();
  ASSERT_TRUE(effects.write);
  EXPECT_EQ(effects.write->hard_state->voted_for, kPeer);
  EXPECT_TRUE(effects.write->entries.empty());
  EXPECT_EQ(effects.durable_before_messages, effects.write->number);
  ASSERT_EQ(effects.messages_to_send_after_sync.size(), 1u);
  // If even that finds no room, it waits for the entries.
  core.no_space();
  EXPECT_FALSE(core.take_effects().write);
  core.write_again();
  EXPECT_EQ(core.take_effects().write->hard_state->voted_for, kPeer);
}

TEST(Core, AFoundingEntryThatFindsNoRoomLetsNothingPassBeforeIt) {
  Stored stored;
  stored.identity.group = kGroup;
  stored.identity.node = kSelf;
  stored.identity.incarnation = incarnation_of(kSelf);
  Core core(test_options(), recover(stored, Index{}), kNow);
  const BootstrapRecord record = founding_record({kSelf});
  core.bootstrap(CallId{1}, {kSelf}, record.cluster, record.epoch);
  ASSERT_TRUE(core.take_effects().write);
  core.no_space();
  EXPECT_FALSE(core.take_effects().write);
  core.write_again();
  const auto again = core.take_effects().write;
  ASSERT_TRUE(again);
  EXPECT_EQ(again->entries, (IndexRange{Index{1}, Index{1}}));
  EXPECT_EQ(again->identity->cluster, record.cluster);
  EXPECT_EQ(again->hard_state->current_term, Term{1});
}

TEST(Core, ALostLastEntryVotesByItsPromise) {
  const BootstrapRecord record = founding_record(kMembers);
  Stored stored;
  stored.identity = {record.cluster, kGroup, record.epoch, kSelf, incarnation_of(kSelf)};
  stored.hard_state.current_term = Term{3};
  stored.entries.push_back(make_entry(sha(), {Index{1}, Term{1}}, "config", kMembers));
  stored.entries.push_back(make_entry(sha(), {Index{2}, Term{3}}, "a", kMembers));
  Recovered recovered = recover(stored, Index{});
  recovered.wal.damaged = {{Index{2}, Index{2}}};
  recovered.wal.term_runs = {{Term{1}, Index{1}}, {Term{}, Index{2}}};
  recovered.wal.last_promised = {Index{2}, Term{3}};
  for (const auto& [last, granted] :
       std::vector<std::pair<EntryId, bool>>{{{Index{2}, Term{2}}, false},
                                             {{Index{1}, Term{3}}, false},
                                             {{Index{2}, Term{3}}, true}}) {
    Core core(test_options(), recovered, kNow);
    core.receive(from_peer(VoteRequest{Term{4}, last, true}));
    const Effects effects = core.take_effects();
    ASSERT_EQ(effects.messages_to_send_after_sync.size(), 1u);
    const auto& vote = std::get<VoteResponse>(effects.messages_to_send_after_sync[0].body);
    EXPECT_EQ(vote.granted, granted) << to_string(last.index) << "/" << to_string(last.term);
  }
}

TEST(Core, ABadCopyOfTheFoundingEntryIsRefused) {
  const BootstrapRecord record = founding_record(kMembers);
  Stored stored;
  stored.identity = {record.cluster, kGroup, record.epoch, kSelf, incarnation_of(kSelf)};
  stored.hard_state.current_term = Term{1};
  stored.entries.push_back(make_entry(sha(), {Index{1}, Term{1}}, "config", kMembers));
  stored.damaged = {{Index{1}, Index{1}}};
  BootstrapRecord foreign = record;
  foreign.cluster = ClusterId({9});
  const Entry good = stored.entries[0];
  const std::vector<std::pair<Entry, bool>> copies = {
      {make_entry(sha(), {Index{1}, Term{1}}, EntryKind::kConfiguration, encode(foreign)), false},
      {make_entry(sha(), {Index{1}, Term{1}}, EntryKind::kConfiguration, as_bytes("no")), false},
      {make_entry(sha(), {Index{1}, Term{1}}, EntryKind::kCommand, as_bytes("no")), false},
      {good, true}};
  for (const auto& [copy, taken] : copies) {
    Core core(test_options(), recover(stored, Index{}), kNow);
    EXPECT_TRUE(core.initialised());
    core.link_up(kPeer);
    core.tick(kNow + milliseconds(10));
    (void)core.take_effects();
    core.receive(from_peer(RepairResponse{Index{1}, {copy}, 1}));
    EXPECT_EQ(core.take_effects().repair.has_value(), taken);
    EXPECT_FALSE(core.failed());
  }
}

TEST(Core, ALogThatSaysItIsNotDamagedIsBelievedOnceItHasBeenRead) {
  CoreOptions options = test_options();
  options.tail_cache_bytes = 0;
  const BootstrapRecord record = founding_record(kMembers);
  Stored stored;
  stored.identity = {record.cluster, kGroup, record.epoch, kSelf, incarnation_of(kSelf)};
  stored.hard_state.current_term = Term{1};
  stored.entries.push_back(make_entry(sha(), {Index{1}, Term{1}}, "config", kMembers));
  Core core(options, recover(stored, Index{}), kNow);
  core.link_up(kPeer);
  core.damage_found({Index{1}, Index{1}});
  core.tick(kNow + milliseconds(10));
  (void)core.take_effects();
  core.receive(from_peer(RepairResponse{Index{1}, {stored.entries[0]}, 1}));
  ASSERT_TRUE(core.take_effects().repair);
  core.repair_done(Error(Errc::kInvalidArgument, "entry 1 is not damaged"));
  const auto reads = core.take_effects().reads_wanted;
  ASSERT_EQ(reads.size(), 1u);
  EXPECT_EQ(core.log().damaged().size(), 1u);
  core.read_done(reads[0].id, {stored.entries[0]});
  EXPECT_TRUE(core.log().damaged().empty());
}

/// What a leader sends again from where it last heard of this log may lie before its beginning now.
TEST(Core, AnAppendFromBelowTheReleasedPrefixIsAcknowledged) {
  const BootstrapRecord record = founding_record(kMembers);
  Stored stored;
  stored.identity = {record.cluster, kGroup, record.epoch, kSelf, incarnation_of(kSelf)};
  stored.hard_state.current_term = Term{2};
  stored.entries.push_back(make_entry(sha(), {Index{1}, Term{1}}, "config", kMembers));
  for (std::uint64_t i = 2; i <= 5; ++i) {
    stored.entries.push_back(make_entry(sha(), {Index{i}, Term{2}}, "x", kMembers));
  }
  Core core(test_options(), recover(stored, Index{5}), kNow);
  core.prefix_released({Index{4}, Term{2}});
  AppendEntries append;
  append.term = Term{2};
  append.previous = {Index{2}, Term{2}};
  append.commit_index = Index{5};
  append.entries = {stored.entries[2]};
  core.receive(from_peer(append));
  EXPECT_FALSE(core.failed());
  const auto messages = core.take_effects().messages_to_send_now;
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(std::get<AppendResponse>(messages[0].body).match_index, Index{5});
}

TEST(Core, ACopyForAnEarlierQuestionIsRefused) {
  const BootstrapRecord record = founding_record(kMembers);
  Stored stored;
  stored.identity = {record.cluster, kGroup, record.epoch, kSelf, incarnation_of(kSelf)};
  stored.hard_state.current_term = Term{1};
  stored.entries.push_back(make_entry(sha(), {Index{1}, Term{1}}, "config", kMembers));
  stored.damaged = {{Index{1}, Index{1}}};
  CoreOptions options = test_options();
  options.random_seed = 7;
  Core core(options, recover(stored, Index{}), kNow);
  core.link_up(kPeer);
  core.tick(kNow + milliseconds(10));
  (void)core.take_effects();
  core.receive(from_peer(RepairResponse{Index{1}, {stored.entries[0]}, 1}));
  EXPECT_FALSE(core.take_effects().repair);
  core.receive(from_peer(RepairResponse{Index{1}, {stored.entries[0]}, 8}));
  EXPECT_TRUE(core.take_effects().repair);
}

}  // namespace
}  // namespace lockstep::consensus::test
