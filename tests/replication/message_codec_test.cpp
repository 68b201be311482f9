// The fields of consensus messages (docs/wire-format.md): what is written is read back, and nothing
// else is.
#include "replication/message_codec.hpp"

#include <gtest/gtest.h>

#include "base/byte_codec.hpp"
#include "replication/entries.hpp"

namespace lockstep::replication {
namespace {

using namespace consensus;  // NOLINT
using lockstep::test::make_entry;

StrongId<struct AnyTag>::Bytes sixteen(std::uint8_t first) {
  StrongId<struct AnyTag>::Bytes bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(first + i);
  return bytes;
}

std::vector<MessageBody> every_message() {
  return {
      VoteRequest{Term(7), {Index(9), Term(6)}, true},
      VoteRequest{Term(7), {Index(9), Term(6)}, false},
      VoteRequest{Term(7), {Index(9), Term(6)}, false, true},
      VoteResponse{Term(7), true, false, false, Term(7)},
      VoteResponse{Term(7), false, true, false, Term(7)},
      VoteResponse{Term(6), true, false, true, Term(7)},
      AppendEntries{Term(7), {Index(9), Term(6)}, Index(8), {}, {}},
      AppendResponse{Term(7), true, Index(12), Index(), {}},
      AppendResponse{Term(7), false, Index(3), Index(9), {Index(4), Term(2)}, 5, false},
      Heartbeat{Term(7), Index(8), 5},
      SyncRequest{77},
      SyncResponse{77, true, Index(8)},
      SyncResponse{77, false, Index()},
      MemberState{true, false, true, false, ClusterId(sixteen(3))},
      MemberState{false, true, false, true, {}},
      MemberState{true, false, false, false, ClusterId(sixteen(3)), Incarnation(sixteen(9))},
      BootstrapEntry{},
      RepairRequest{{Index(3), Index(5)}, {Index(6), Term(2)}, Index(4), 9},
      RepairResponse{Index(3), {}, 9},
      TransferLeadership{Term(7)},
      ReadIndexRequest{77},
      ReadIndexResponse{77, true, Index(8)},
      ReadIndexResponse{77, false, Index()},
      InstallSnapshot{Term(7),
                      SnapshotId(sixteen(5)),
                      {Index(9), Term(6)},
                      100,
                      0,
                      SharedBuffer::copy_of("meta"),
                      SharedBuffer::copy_of("first piece")},
      InstallSnapshot{Term(7),
                      SnapshotId(sixteen(5)),
                      {Index(9), Term(6)},
                      100,
                      11,
                      {},
                      SharedBuffer::copy_of("second piece")},
      SnapshotResponse{Term(7), SnapshotId(sixteen(5)), 11, SnapshotResponse::State::kAccepting},
      SnapshotResponse{Term(7), SnapshotId(sixteen(5)), 100, SnapshotResponse::State::kInstalled},
      SnapshotResponse{Term(8), SnapshotId(sixteen(5)), 0, SnapshotResponse::State::kRefused},
      SnapshotResponse{Term(8), SnapshotId(sixteen(5)), 0, SnapshotResponse::State::kTooOld},
      SnapshotResponse{Term(8), SnapshotId(sixteen(5)), 0, SnapshotResponse::State::kNeedless},
      Checkpoint{Index(1024), Digest{{1, 2, 3}}}};
}

PeerMessage message_of(MessageBody body) {
  return {NodeId("n1"), Epoch(sixteen(1)), Incarnation(sixteen(2)), std::move(body)};
}

ReplicationMessage frame_of(const PeerMessage& message, std::vector<Entry> entries = {}) {
  ReplicationMessage frame;
  frame.type = type_of(message.body);
  frame.source_node = message.peer;
  frame.data = EntryBatch{encode_fields(message), std::move(entries)};
  return frame;
}

std::vector<std::uint8_t> fields_of(const ReplicationMessage& frame) {
  const ByteSpan bytes = std::get<EntryBatch>(frame.data).fields.bytes();
  return {bytes.begin(), bytes.end()};
}

ReplicationMessage with_fields(ReplicationMessage frame, std::vector<std::uint8_t> fields) {
  std::get<EntryBatch>(frame.data).fields = SharedBuffer::adopt(std::move(fields));
  return frame;
}

TEST(MessageCodec, ReadsBackEveryMessage) {
  for (const MessageBody& body : every_message()) {
    const ReplicationMessage frame = frame_of(message_of(body));
    const auto decoded = decode(frame);
    ASSERT_TRUE(decoded) << to_string(frame.type);
    EXPECT_EQ(decoded->peer, NodeId("n1"));
    EXPECT_EQ(decoded->epoch, Epoch(sixteen(1)));
    EXPECT_EQ(decoded->incarnation, Incarnation(sixteen(2)));
    EXPECT_EQ(decoded->body.index(), body.index());
    // The same fields again mean that every field was read.
    EXPECT_EQ(fields_of(frame_of(*decoded)), fields_of(frame));
  }
}

TEST(MessageCodec, ReadsEachFieldIntoItsPlace) {
  const auto append =
      decode(frame_of(message_of(AppendEntries{Term(7), {Index(9), Term(6)}, Index(8), {}, {}})));
  const auto& entries = std::get<AppendEntries>(append->body);
  EXPECT_EQ(entries.term, Term(7));
  EXPECT_EQ(entries.previous, (EntryId{Index(9), Term(6)}));
  EXPECT_EQ(entries.commit_index, Index(8));

  const auto ack = decode(frame_of(
      message_of(AppendResponse{Term(7), false, Index(3), Index(9), {Index(4), Term(2)}})));
  const auto& response = std::get<AppendResponse>(ack->body);
  EXPECT_EQ(response.term, Term(7));
  EXPECT_FALSE(response.accepted);
  EXPECT_EQ(response.match_index, Index(3));
  EXPECT_EQ(response.rejected, Index(9));
  EXPECT_EQ(response.closest, (EntryId{Index(4), Term(2)}));

  const auto repair = decode(
      frame_of(message_of(RepairRequest{{Index(3), Index(5)}, {Index(6), Term(2)}, Index(4)})));
  const auto& request = std::get<RepairRequest>(repair->body);
  EXPECT_EQ(request.range, (IndexRange{Index(3), Index(5)}));
  EXPECT_EQ(request.anchor, (EntryId{Index(6), Term(2)}));
  EXPECT_EQ(request.commit_index, Index(4));

  const auto vote = decode(frame_of(message_of(VoteResponse{Term(7), false, true})));
  EXPECT_FALSE(std::get<VoteResponse>(vote->body).granted);
  EXPECT_TRUE(std::get<VoteResponse>(vote->body).log_behind);

  const auto state =
      decode(frame_of(message_of(MemberState{false, true, false, true, ClusterId(sixteen(3))})));
  const auto& member = std::get<MemberState>(state->body);
  EXPECT_FALSE(member.initialised);
  EXPECT_TRUE(member.bootstrapping);
  EXPECT_FALSE(member.wants_answer);
  EXPECT_TRUE(member.receiver_is_stranger);
  EXPECT_EQ(member.cluster, ClusterId(sixteen(3)));
}

TEST(MessageCodec, CarriesEntriesBesideTheFields) {
  const std::vector<Entry> entries{make_entry(10, 7, "a"), make_entry(11, 7, "bc")};
  const auto append = decode(frame_of(message_of(AppendEntries{Term(7), {}, {}, {}, {}}), entries));
  ASSERT_TRUE(append);
  ASSERT_EQ(std::get<AppendEntries>(append->body).entries.size(), 2u);
  EXPECT_EQ(std::get<AppendEntries>(append->body).entries[1].digest, entries[1].digest);
  const auto bootstrap = decode(frame_of(message_of(BootstrapEntry{}), {entries[0]}));
  ASSERT_TRUE(bootstrap);
  EXPECT_EQ(std::get<BootstrapEntry>(bootstrap->body).entries.size(), 1u);
  const auto copies = decode(frame_of(message_of(RepairResponse{Index(10), {}}), entries));
  ASSERT_TRUE(copies);
  EXPECT_EQ(std::get<RepairResponse>(copies->body).first, Index(10));
  EXPECT_EQ(std::get<RepairResponse>(copies->body).entries.size(), 2u);
}

TEST(MessageCodec, RefusesEntriesWhereNoneBelong) {
  for (const MessageBody& body : every_message()) {
    const PeerMessage message = message_of(body);
    const bool may = std::holds_alternative<AppendEntries>(body) ||
                     std::holds_alternative<BootstrapEntry>(body) ||
                     std::holds_alternative<RepairResponse>(body);
    EXPECT_EQ(decode(frame_of(message, {make_entry(1, 1, "x")})).has_value(), may)
        << to_string(type_of(body));
  }
}

TEST(MessageCodec, RefusesEveryTruncationAndOneByteMore) {
  for (const MessageBody& body : every_message()) {
    const ReplicationMessage frame = frame_of(message_of(body));
    const std::vector<std::uint8_t> whole = fields_of(frame);
    for (std::size_t length = 0; length < whole.size(); ++length) {
      std::vector<std::uint8_t> cut(whole.begin(),
                                    whole.begin() + static_cast<std::ptrdiff_t>(length));
      EXPECT_FALSE(decode(with_fields(frame, cut))) << to_string(frame.type) << " " << length;
    }
    std::vector<std::uint8_t> longer = whole;
    longer.push_back(0);
    EXPECT_FALSE(decode(with_fields(frame, longer))) << to_string(frame.type);
  }
}

TEST(MessageCodec, RefusesAnotherFormat) {
  for (const MessageBody& body : every_message()) {
    const ReplicationMessage frame = frame_of(message_of(body));
    std::vector<std::uint8_t> fields = fields_of(frame);
    for (const std::uint8_t format : std::array<std::uint8_t, 3>{0, 2, 255}) {
      fields[0] = format;
      EXPECT_FALSE(decode(with_fields(frame, fields))) << to_string(frame.type);
    }
  }
}

/// Where the bits of a body lie, behind format, epoch and incarnation, and which of them mean
/// something.
struct Bits {
  MessageBody body;
  std::size_t offset;
  int defined;
};

TEST(MessageCodec, RefusesUndefinedBits) {
  constexpr std::size_t kPrefix = 1 + 16 + 16;
  const std::vector<Bits> all{
      {VoteRequest{}, kPrefix + 24, 2},      {VoteResponse{}, kPrefix + 8, 3},
      {AppendResponse{}, kPrefix + 8, 2},    {SyncResponse{}, kPrefix + 8, 1},
      {ReadIndexResponse{}, kPrefix + 8, 1}, {MemberState{}, kPrefix, 4}};
  for (const Bits& bits : all) {
    const ReplicationMessage frame = frame_of(message_of(bits.body));
    for (int bit = 0; bit < 8; ++bit) {
      std::vector<std::uint8_t> fields = fields_of(frame);
      fields[bits.offset] = static_cast<std::uint8_t>(1u << bit);
      EXPECT_EQ(decode(with_fields(frame, fields)).has_value(), bit < bits.defined)
          << to_string(frame.type) << " bit " << bit;
    }
  }
}

TEST(MessageCodec, RefusesTypesAndDataThatAreNotOfConsensus) {
  ReplicationMessage frame = frame_of(message_of(Heartbeat{Term(7), Index(8)}));
  for (const MessageType type : {MessageType::kWalEntry, MessageType::kElection,
                                 MessageType::kInstallSnapshot, host_message_type(3)}) {
    frame.type = type;
    EXPECT_FALSE(decode(frame)) << to_string(type);
  }
  frame.type = MessageType::kHeartbeat;
  frame.data = std::monostate{};
  EXPECT_FALSE(decode(frame));
  frame.data = SharedBuffer::copy_of("x");
  EXPECT_FALSE(decode(frame));
}

}  // namespace
}  // namespace lockstep::replication
