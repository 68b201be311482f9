#include "consensus/configuration_codec.hpp"

#include <set>

#include "base/byte_codec.hpp"

namespace lockstep::consensus {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kSmallestMember = 1 + 1 + Incarnation::kBytes;

void write_members(ByteWriter& writer, const std::vector<Member>& members) {
  writer.u32(static_cast<std::uint32_t>(members.size()));
  for (const Member& member : members) {
    writer.node(member.node);
    writer.id(member.incarnation);
  }
}

std::vector<Member> read_members(ByteReader& reader) {
  std::vector<Member> members(reader.count(kSmallestMember));
  std::set<NodeId> seen;
  for (Member& member : members) {
    member.node = reader.node();
    member.incarnation = reader.id<Incarnation>();
    if (member.node.is_none() || member.incarnation.is_none()) reader.fail();
    if (!seen.insert(member.node).second) reader.fail();
  }
  return members;
}

}  // namespace

std::vector<std::uint8_t> encode(const BootstrapRecord& record) {
  ByteWriter writer;
  writer.u8(kFormat);
  writer.id(record.cluster);
  writer.id(record.epoch);
  write_members(writer, record.configuration.voters);
  write_members(writer, record.configuration.outgoing_voters);
  write_members(writer, record.configuration.learners);
  return writer.take();
}

std::optional<BootstrapRecord> decode_record(ByteSpan payload) {
  ByteReader reader(payload);
  if (reader.u8() != kFormat) return std::nullopt;
  BootstrapRecord record;
  record.cluster = reader.id<ClusterId>();
  record.epoch = reader.id<Epoch>();
  record.configuration.voters = read_members(reader);
  record.configuration.outgoing_voters = read_members(reader);
  record.configuration.learners = read_members(reader);
  if (!reader.complete() || record.cluster.is_none() || record.epoch.is_none() ||
      record.configuration.voters.empty()) {
    return std::nullopt;
  }
  return record;
}

}  // namespace lockstep::consensus
