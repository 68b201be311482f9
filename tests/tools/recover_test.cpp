#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/digest.hpp"
#include "consensus/configuration_codec.hpp"
#include "tools/sample_log.hpp"

namespace lockstep::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using tools::ExitStatus;

const ClusterId kCluster({0xc1});
const Epoch kEpoch({0xe9});

/// The folders of some of five voters, on one disk.
class Recover : public ::testing::Test {
 protected:
  struct Ends {
    std::uint64_t last;
    std::uint64_t term;
  };

  /// Incarnations come with the folders; so the first entry that is written names them all.
  /// `outgoing`: by number; with any, the configuration is joint.
  void write(const std::vector<std::string>& names, const std::vector<Ends>& ends,
             std::size_t voters = 5, const std::vector<std::size_t>& outgoing = {}) {
    BootstrapRecord record;
    record.cluster = kCluster;
    record.epoch = kEpoch;
    std::vector<std::unique_ptr<FileNode>> nodes;
    const std::size_t members = outgoing.empty() ? voters : std::max(voters, outgoing.back());
    for (std::size_t i = 0; i < members; ++i) {
      const std::string name = "n" + std::to_string(i + 1);
      Member member{NodeId(name), Incarnation({static_cast<std::uint8_t>(i + 1)})};
      if (i < names.size()) {
        nodes.push_back(std::make_unique<FileNode>(disk, i + 1, NodeId(name)));
        nodes.back()->options.folder = names[i];
        born.push_back(nodes.back()->opened().identity);
        member.incarnation = born.back().incarnation;
      }
      if (i < voters) record.configuration.voters.push_back(member);
      if (std::ranges::count(outgoing, i + 1) > 0) {
        record.configuration.outgoing_voters.push_back(member);
      }
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
      WALWrite first;
      first.identity = born[i];
      first.identity->cluster = kCluster;
      first.identity->epoch = kEpoch;
      first.hard_state = HardState{Term(ends[i].term + 3), NodeId("n1")};
      first.entries = {founding_entry(record)};
      ASSERT_FALSE(nodes[i]->call().write(first));
      ASSERT_FALSE(nodes[i]->call().write(append(make_entries(2, 10, 1))));
      ASSERT_FALSE(nodes[i]->call().write(append(make_entries(11, ends[i].last, ends[i].term))));
      ASSERT_FALSE(nodes[i]->call().close());
    }
  }

  static Entry founding_entry(const BootstrapRecord& record) {
    Sha256 sha;
    Payload payload{ByteSpan(consensus::encode(record))};
    EntryHeader header;
    header.group = kGroup;
    header.kind = EntryKind::kConfiguration;
    header.term = Term(1);
    header.index = Index(1);
    header.payload_bytes = payload.size();
    return seal_entry(sha, header, std::move(payload).release());
  }

  WALState state_of(const std::string& folder, const std::string& node) {
    FileNode reader(disk, 9, NodeId(node));
    reader.options.folder = folder;
    WALState state = reader.opened();
    const auto last = reader.call().entries(state.bounds.last.value(), state.bounds.last.value());
    newest = consensus::decode_record(last.front().payload().bytes());
    EXPECT_FALSE(reader.call().close());
    return state;
  }

  SimulatedDisk disk;
  std::vector<WALIdentity> born;
  std::optional<BootstrapRecord> newest;
};

TEST_F(Recover, SaysWhatItWouldDoAndChangesNoByte) {
  write({"/a", "/b"}, {{30, 2}, {20, 3}});
  const std::uint64_t written = disk.bytes_written();
  const Outcome outcome = run_tool(disk, {"recover", "/a", "/b"});
  EXPECT_EQ(outcome.status, ExitStatus::kDamaged) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("n1 in /a: ends with entry 30 of term 2\n"));
  EXPECT_THAT(outcome.out,
              HasSubstr("n2 in /b: ends with entry 20 of term 3, the most up to date\n"));
  EXPECT_THAT(outcome.out, HasSubstr("missing voters: n3, n4, n5\n"));
  EXPECT_THAT(outcome.out, HasSubstr("n2 would go on alone"));
  EXPECT_THAT(outcome.out, HasSubstr("Writes may be lost that were acknowledged"));
  EXPECT_THAT(outcome.out, EndsWith("say --yes.\nNothing was changed.\n"));
  EXPECT_EQ(disk.bytes_written(), written);
}

TEST_F(Recover, MakesTheMostUpToDateTheOnlyVoterOfANewEpoch) {
  write({"/a", "/b"}, {{30, 2}, {20, 3}});
  const Outcome outcome = run_tool(disk, {"recover", "--yes", "/a", "/b"});
  EXPECT_EQ(outcome.status, ExitStatus::kWhole) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("to empty first: /a"));
  const WALState state = state_of("/b", "n2");
  EXPECT_EQ(state.bounds.last, Index(21)) << "nothing is cut";
  EXPECT_EQ(state.hard_state, (HardState{Term(7), NodeId("n2")})) << "beyond every term it knew";
  EXPECT_EQ(state.last_promised, (EntryId{Index(21), Term(7)}));
  EXPECT_EQ(state.identity.cluster, kCluster);
  EXPECT_NE(state.identity.epoch, kEpoch);
  EXPECT_EQ(state.identity.incarnation, born[1].incarnation);
  EXPECT_EQ(state.configuration_indexes.back(), Index(21));
  ASSERT_TRUE(newest);
  EXPECT_EQ(newest->epoch, state.identity.epoch);
  EXPECT_EQ(newest->cluster, kCluster);
  EXPECT_EQ(newest->configuration.voters,
            (std::vector<Member>{{NodeId("n2"), born[1].incarnation}}));
  EXPECT_FALSE(newest->configuration.is_joint());
  EXPECT_TRUE(newest->configuration.learners.empty());
  EXPECT_EQ(state_of("/a", "n1").identity.epoch, kEpoch) << "the others are left as they are";
  EXPECT_EQ(run_tool(disk, {"verify", "/b"}).status, ExitStatus::kWhole);
}

TEST_F(Recover, KnowsWhenNothingCanBeLost) {
  write({"/a", "/b"}, {{30, 2}, {20, 2}}, 4);
  const Outcome outcome = run_tool(disk, {"recover", "/a", "/b"});
  EXPECT_THAT(outcome.out, HasSubstr("What was acknowledged is in its log"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("may be lost")));
}

/// A majority of either side may have committed without the other: of the new voters when the
/// change is through, of the old ones when it was cut off.
class RecoverFromAJointConfiguration : public Recover {
 protected:
  /// n1 alone is left.
  std::string verdict(std::size_t voters, const std::vector<std::size_t>& outgoing) {
    write({"/a"}, {{30, 2}}, voters, outgoing);
    const Outcome outcome = run_tool(disk, {"recover", "/a"});
    EXPECT_THAT(outcome.out, HasSubstr("missing voters: n2, n3"));
    return outcome.out;
  }
};

TEST_F(RecoverFromAJointConfiguration, WhatTheNewVotersCommittedMayBeLost) {
  EXPECT_THAT(verdict(3, {1, 2}), HasSubstr("may be lost"));
}

TEST_F(RecoverFromAJointConfiguration, WhatTheOldVotersCommittedMayBeLost) {
  EXPECT_THAT(verdict(2, {1, 2, 3}), HasSubstr("may be lost"));
}

TEST_F(RecoverFromAJointConfiguration, NothingCanBeLostWhereNeitherHasAMajorityWithoutIt) {
  EXPECT_THAT(verdict(2, {1, 3}), Not(HasSubstr("may be lost")));
}

TEST_F(Recover, IsNotForAMajority) {
  write({"/a", "/b"}, {{30, 2}, {20, 2}}, 3);
  const Outcome outcome = run_tool(disk, {"recover", "--yes", "/a", "/b"});
  EXPECT_EQ(outcome.status, ExitStatus::kDamaged);
  EXPECT_THAT(outcome.out, HasSubstr("start them"));
  EXPECT_EQ(state_of("/a", "n1").identity.epoch, kEpoch);
}

TEST_F(Recover, ComparesOnlyWhatBelongsTogether) {
  write({"/a", "/b"}, {{30, 2}, {20, 3}});
  ASSERT_EQ(run_tool(disk, {"recover", "--yes", "/b"}).status, ExitStatus::kWhole);
  const Outcome two_epochs = run_tool(disk, {"recover", "--yes", "/a", "/b"});
  EXPECT_EQ(two_epochs.status, ExitStatus::kFailed);
  EXPECT_THAT(two_epochs.err, HasSubstr("two epochs"));
  const Outcome twice = run_tool(disk, {"recover", "/a", "/a"});
  EXPECT_EQ(twice.status, ExitStatus::kFailed);
  EXPECT_THAT(twice.err, HasSubstr("two folders are of n1"));
  EXPECT_EQ(run_tool(disk, {"recover"}).status, ExitStatus::kUsage);
  EXPECT_EQ(run_tool(disk, {"recover", "--json", "/a"}).status, ExitStatus::kUsage);
}

TEST_F(Recover, WantsTheBestLogWhole) {
  write({"/a"}, {{30, 2}});
  const BatchPlace place = find_batch(disk, "/a", 20);
  disk.flip_bit(place.path, place.offset + 600);
  const Outcome outcome = run_tool(disk, {"recover", "--yes", "/a"});
  EXPECT_EQ(outcome.status, ExitStatus::kDamaged) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("repair it"));
}

TEST_F(Recover, NeverTouchesALogInUse) {
  write({"/a"}, {{30, 2}});
  const auto lock = disk.lock("/a/lock");
  const std::uint64_t written = disk.bytes_written();
  const Outcome outcome = run_tool(disk, {"recover", "--yes", "/a"});
  EXPECT_EQ(outcome.status, ExitStatus::kFailed);
  EXPECT_THAT(outcome.err, HasSubstr("stop that node first"));
  EXPECT_EQ(disk.bytes_written(), written);
}

}  // namespace
}  // namespace lockstep::testing
