#include "replication/message_codec.hpp"

#include "base/byte_codec.hpp"

namespace lockstep::replication {
namespace {

using namespace consensus;  // NOLINT: the codec speaks of nothing else

constexpr std::uint8_t kFormat = 1;

constexpr std::uint8_t kGranted = 1;
constexpr std::uint8_t kLogBehind = 2;
constexpr std::uint8_t kPreVote = 4;
constexpr std::uint8_t kByOperator = 1;
constexpr std::uint8_t kIsPreVote = 2;
constexpr std::uint8_t kAccepted = 1;
constexpr std::uint8_t kDiskIsWell = 2;
constexpr std::uint8_t kInitialised = 1;
constexpr std::uint8_t kBootstrapping = 2;
constexpr std::uint8_t kWantsAnswer = 4;
constexpr std::uint8_t kReceiverIsStranger = 8;

std::uint8_t bit(bool set, std::uint8_t value) { return set ? value : std::uint8_t{0}; }

/// A byte in which only the bits of `allowed` may be set.
std::uint8_t read_bits(ByteReader& reader, std::uint8_t allowed) {
  const std::uint8_t bits = reader.u8();
  if ((bits & ~allowed) != 0) reader.fail();
  return bits;
}

void write_id(ByteWriter& writer, EntryId id) {
  writer.number(id.index);
  writer.number(id.term);
}

EntryId read_id(ByteReader& reader) {
  const auto index = reader.number<Index>();
  return {index, reader.number<Term>()};
}

struct FieldWriter {
  ByteWriter& out;

  void operator()(const VoteRequest& body) const {
    out.number(body.term);
    write_id(out, body.last);
    out.u8(bit(body.by_operator, kByOperator) | bit(body.pre_vote, kIsPreVote));
  }
  void operator()(const VoteResponse& body) const {
    out.number(body.term);
    out.u8(bit(body.granted, kGranted) | bit(body.log_behind, kLogBehind) |
           bit(body.pre_vote, kPreVote));
    out.number(body.round);
  }
  void operator()(const AppendEntries& body) const {
    out.number(body.term);
    write_id(out, body.previous);
    out.number(body.commit_index);
  }
  void operator()(const AppendResponse& body) const {
    out.number(body.term);
    out.u8(bit(body.accepted, kAccepted) | bit(body.disk_is_well, kDiskIsWell));
    out.number(body.match_index);
    out.number(body.rejected);
    write_id(out, body.closest);
    out.u64(body.round);
  }
  void operator()(const Heartbeat& body) const {
    out.number(body.term);
    out.number(body.commit_index);
    out.u64(body.round);
  }
  void operator()(const SyncRequest& body) const { out.u64(body.id); }
  void operator()(const SyncResponse& body) const {
    out.u64(body.id);
    out.u8(bit(body.is_leader, 1));
    out.number(body.commit_index);
  }
  void operator()(const MemberState& body) const {
    out.u8(bit(body.initialised, kInitialised) | bit(body.bootstrapping, kBootstrapping) |
           bit(body.wants_answer, kWantsAnswer) |
           bit(body.receiver_is_stranger, kReceiverIsStranger));
    out.id(body.cluster);
    out.id(body.admitted);
  }
  void operator()(const BootstrapEntry&) const {}
  void operator()(const RepairRequest& body) const {
    out.number(body.range.first);
    out.number(body.range.last);
    write_id(out, body.anchor);
    out.number(body.commit_index);
    out.u64(body.question);
  }
  void operator()(const RepairResponse& body) const {
    out.number(body.first);
    out.u64(body.question);
  }
  void operator()(const TransferLeadership& body) const { out.number(body.term); }
  void operator()(const ReadIndexRequest& body) const { out.u64(body.id); }
  void operator()(const ReadIndexResponse& body) const {
    out.u64(body.id);
    out.u8(bit(body.accepted, kAccepted));
    out.number(body.read_index);
  }
  void operator()(const InstallSnapshot& body) const {
    out.number(body.term);
    out.id(body.snapshot);
    write_id(out, body.last);
    out.u64(body.size_bytes);
    out.u64(body.offset);
    out.sized(body.metadata.bytes());
    out.sized(body.chunk.bytes());
  }
  void operator()(const SnapshotResponse& body) const {
    out.number(body.term);
    out.id(body.snapshot);
    out.u64(body.next_offset);
    out.u8(static_cast<std::uint8_t>(body.state));
  }
  void operator()(const Checkpoint& body) const {
    out.number(body.index);
    out.digest(body.digest);
  }
};

/// A slice of `fields`, which `in` reads: four bytes of length, then the bytes.
SharedBuffer read_sized(ByteReader& in, const SharedBuffer& fields) {
  const std::size_t size = in.sized().size();
  return fields.slice(in.failed() ? 0 : in.offset() - size, size);
}

std::optional<MessageBody> read_body(MessageType type, ByteReader& in, const SharedBuffer& fields,
                                     std::vector<Entry> entries) {
  switch (type) {
    case MessageType::kVoteRequest: {
      VoteRequest body;
      body.term = in.number<Term>();
      body.last = read_id(in);
      const std::uint8_t bits = read_bits(in, kByOperator | kIsPreVote);
      body.by_operator = (bits & kByOperator) != 0;
      body.pre_vote = (bits & kIsPreVote) != 0;
      return body;
    }
    case MessageType::kVoteResponse: {
      VoteResponse body;
      body.term = in.number<Term>();
      const std::uint8_t bits = read_bits(in, kGranted | kLogBehind | kPreVote);
      body.granted = (bits & kGranted) != 0;
      body.log_behind = (bits & kLogBehind) != 0;
      body.pre_vote = (bits & kPreVote) != 0;
      body.round = in.number<Term>();
      return body;
    }
    case MessageType::kAppendEntries: {
      AppendEntries body;
      body.term = in.number<Term>();
      body.previous = read_id(in);
      body.commit_index = in.number<Index>();
      body.entries = std::move(entries);
      return body;
    }
    case MessageType::kAck: {
      AppendResponse body;
      body.term = in.number<Term>();
      const std::uint8_t bits = read_bits(in, kAccepted | kDiskIsWell);
      body.accepted = (bits & kAccepted) != 0;
      body.disk_is_well = (bits & kDiskIsWell) != 0;
      body.match_index = in.number<Index>();
      body.rejected = in.number<Index>();
      body.closest = read_id(in);
      body.round = in.u64();
      return body;
    }
    case MessageType::kHeartbeat: {
      Heartbeat body;
      body.term = in.number<Term>();
      body.commit_index = in.number<Index>();
      body.round = in.u64();
      return body;
    }
    case MessageType::kSyncRequest:
      return SyncRequest{in.u64()};
    case MessageType::kSyncResponse: {
      SyncResponse body;
      body.id = in.u64();
      body.is_leader = read_bits(in, 1) != 0;
      body.commit_index = in.number<Index>();
      return body;
    }
    case MessageType::kMemberState: {
      MemberState body;
      const std::uint8_t bits =
          read_bits(in, kInitialised | kBootstrapping | kWantsAnswer | kReceiverIsStranger);
      body.initialised = (bits & kInitialised) != 0;
      body.bootstrapping = (bits & kBootstrapping) != 0;
      body.wants_answer = (bits & kWantsAnswer) != 0;
      body.receiver_is_stranger = (bits & kReceiverIsStranger) != 0;
      body.cluster = in.id<ClusterId>();
      body.admitted = in.id<Incarnation>();
      return body;
    }
    case MessageType::kBootstrapEntry:
      return BootstrapEntry{std::move(entries)};
    case MessageType::kRepairRequest: {
      RepairRequest body;
      body.range.first = in.number<Index>();
      body.range.last = in.number<Index>();
      body.anchor = read_id(in);
      body.commit_index = in.number<Index>();
      body.question = in.u64();
      return body;
    }
    case MessageType::kRepairResponse: {
      RepairResponse body;
      body.first = in.number<Index>();
      body.question = in.u64();
      body.entries = std::move(entries);
      return body;
    }
    case MessageType::kTransferLeadership:
      return TransferLeadership{in.number<Term>()};
    case MessageType::kReadIndexRequest:
      return ReadIndexRequest{in.u64()};
    case MessageType::kReadIndexResponse: {
      ReadIndexResponse body;
      body.id = in.u64();
      body.accepted = read_bits(in, kAccepted) != 0;
      body.read_index = in.number<Index>();
      return body;
    }
    case MessageType::kInstallSnapshot: {
      InstallSnapshot body;
      body.term = in.number<Term>();
      body.snapshot = in.id<SnapshotId>();
      body.last = read_id(in);
      body.size_bytes = in.u64();
      body.offset = in.u64();
      body.metadata = read_sized(in, fields);
      body.chunk = read_sized(in, fields);
      return body;
    }
    case MessageType::kSnapshotResponse: {
      SnapshotResponse body;
      body.term = in.number<Term>();
      body.snapshot = in.id<SnapshotId>();
      body.next_offset = in.u64();
      const std::uint8_t state = in.u8();
      body.state = static_cast<SnapshotResponse::State>(state);
      if (state < 1 || state > 5) return std::nullopt;
      return body;
    }
    case MessageType::kCheckpoint: {
      Checkpoint body;
      body.index = in.number<Index>();
      body.digest = in.digest();
      return body;
    }
    default:
      return std::nullopt;
  }
}

bool may_carry_entries(MessageType type) {
  return type == MessageType::kAppendEntries || type == MessageType::kBootstrapEntry ||
         type == MessageType::kRepairResponse;
}

}  // namespace

MessageType type_of(const MessageBody& body) {
  struct TypeOf {
    MessageType operator()(const VoteRequest&) const { return MessageType::kVoteRequest; }
    MessageType operator()(const VoteResponse&) const { return MessageType::kVoteResponse; }
    MessageType operator()(const AppendEntries&) const { return MessageType::kAppendEntries; }
    MessageType operator()(const AppendResponse&) const { return MessageType::kAck; }
    MessageType operator()(const Heartbeat&) const { return MessageType::kHeartbeat; }
    MessageType operator()(const SyncRequest&) const { return MessageType::kSyncRequest; }
    MessageType operator()(const SyncResponse&) const { return MessageType::kSyncResponse; }
    MessageType operator()(const MemberState&) const { return MessageType::kMemberState; }
    MessageType operator()(const BootstrapEntry&) const { return MessageType::kBootstrapEntry; }
    MessageType operator()(const RepairRequest&) const { return MessageType::kRepairRequest; }
    MessageType operator()(const RepairResponse&) const { return MessageType::kRepairResponse; }
    MessageType operator()(const TransferLeadership&) const {
      return MessageType::kTransferLeadership;
    }
    MessageType operator()(const ReadIndexRequest&) const { return MessageType::kReadIndexRequest; }
    MessageType operator()(const ReadIndexResponse&) const {
      return MessageType::kReadIndexResponse;
    }
    MessageType operator()(const InstallSnapshot&) const { return MessageType::kInstallSnapshot; }
    MessageType operator()(const SnapshotResponse&) const { return MessageType::kSnapshotResponse; }
    MessageType operator()(const Checkpoint&) const { return MessageType::kCheckpoint; }
  };
  return std::visit(TypeOf{}, body);
}

SharedBuffer encode_fields(const PeerMessage& message) {
  ByteWriter writer;
  writer.u8(kFormat);
  writer.id(message.epoch);
  writer.id(message.incarnation);
  std::visit(FieldWriter{writer}, message.body);
  return SharedBuffer::adopt(writer.take());
}

std::optional<PeerMessage> decode(ReplicationMessage message) {
  auto* batch = std::get_if<EntryBatch>(&message.data);
  if (batch == nullptr || (!batch->entries.empty() && !may_carry_entries(message.type))) {
    return std::nullopt;
  }
  ByteReader reader(batch->fields.bytes());
  if (reader.u8() != kFormat) return std::nullopt;
  PeerMessage decoded;
  decoded.peer = std::move(message.source_node);
  decoded.epoch = reader.id<Epoch>();
  decoded.incarnation = reader.id<Incarnation>();
  auto body = read_body(message.type, reader, batch->fields, std::move(batch->entries));
  if (!body || !reader.complete()) return std::nullopt;
  decoded.body = std::move(*body);
  return decoded;
}

}  // namespace lockstep::replication
