#include "base/configuration_codec.hpp"

#include <set>

namespace lockstep {
namespace {

constexpr std::size_t kMaxOperations = 64;
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
    if (member.node.is_none() || !seen.insert(member.node).second) reader.fail();
  }
  return members;
}

}  // namespace

void write_configuration(ByteWriter& writer, const Configuration& configuration) {
  write_members(writer, configuration.voters);
  write_members(writer, configuration.outgoing_voters);
  write_members(writer, configuration.learners);
  writer.u32(static_cast<std::uint32_t>(configuration.operations.size()));
  for (const OperationId& operation : configuration.operations) writer.id(operation);
}

Configuration read_configuration(ByteReader& reader) {
  Configuration configuration;
  configuration.voters = read_members(reader);
  configuration.outgoing_voters = read_members(reader);
  configuration.learners = read_members(reader);
  configuration.operations.resize(reader.count(OperationId::kBytes));
  for (OperationId& operation : configuration.operations) operation = reader.id<OperationId>();
  if (configuration.operations.size() > kMaxOperations) reader.fail();
  return configuration;
}

}  // namespace lockstep
