#include "replication/message_codec.hpp"

#include "base/byte_codec.hpp"

namespace lockstep::replication {
namespace {

using namespace consensus;  // NOLINT: the codec speaks of nothing else

constexpr std::uint8_t kFormat = 1;

constexpr std::uint8_t kGranted = 1;
constexpr std::uint8_t kLogBehind = 2;
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
    out.u8(bit(body.by_operator, 1));
  }
  void operator()(const VoteResponse& body) const {
    out.number(body.term);
    out.u8(bit(body.granted, kGranted) | bit(body.log_behind, kLogBehind));
  }
  void operator()(const AppendEntries& body) const {
    out.number(body.term);
    write_id(out, body.previous);
    out.number(body.commit_index);
  }
  void operator()(const AppendResponse& body) const {
    out.number(body.term);
    out.u8(bit(body.accepted, 1));
    out.number(body.match_index);
    out.number(body.rejected);
    write_id(out, body.closest);
  }
  void operator()(const Heartbeat& body) const {
    out.number(body.term);
    out.number(body.commit_index);
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
  }
  void operator()(const BootstrapEntry&) const {}
  void operator()(const RepairRequest& body) const {
    out.number(body.range.first);
    out.number(body.range.last);
    write_id(out, body.anchor);
    out.number(body.commit_index);
  }
  void operator()(const RepairResponse& body) const { out.number(body.first); }
};

std::optional<MessageBody> read_body(MessageType type, ByteReader& in, std::vector<Entry> entries) {
  switch (type) {
    case MessageType::kVoteRequest: {
      VoteRequest body;
      body.term = in.number<Term>();
      body.last = read_id(in);
      body.by_operator = read_bits(in, 1) != 0;
      return body;
    }
    case MessageType::kVoteResponse: {
      VoteResponse body;
      body.term = in.number<Term>();
      const std::uint8_t bits = read_bits(in, kGranted | kLogBehind);
      body.granted = (bits & kGranted) != 0;
      body.log_behind = (bits & kLogBehind) != 0;
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
      body.accepted = read_bits(in, 1) != 0;
      body.match_index = in.number<Index>();
      body.rejected = in.number<Index>();
      body.closest = read_id(in);
      return body;
    }
    case MessageType::kHeartbeat: {
      Heartbeat body;
      body.term = in.number<Term>();
      body.commit_index = in.number<Index>();
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
      return body;
    }
    case MessageType::kRepairResponse: {
      RepairResponse body;
      body.first = in.number<Index>();
      body.entries = std::move(entries);
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
  auto body = read_body(message.type, reader, std::move(batch->entries));
  if (!body || !reader.complete()) return std::nullopt;
  decoded.body = std::move(*body);
  return decoded;
}

}  // namespace lockstep::replication
