#include "consensus/configuration_codec.hpp"

#include <algorithm>

#include "base/configuration_codec.hpp"

namespace lockstep::consensus {
namespace {

constexpr std::uint8_t kFormat = 1;

bool has_incarnations(const std::vector<Member>& members) {
  return std::ranges::none_of(members,
                              [](const Member& member) { return member.incarnation.is_none(); });
}

}  // namespace

std::vector<std::uint8_t> encode(const BootstrapRecord& record) {
  ByteWriter writer;
  writer.u8(kFormat);
  writer.id(record.cluster);
  writer.id(record.epoch);
  write_configuration(writer, record.configuration);
  return writer.take();
}

std::optional<BootstrapRecord> decode_record(ByteSpan payload) {
  ByteReader reader(payload);
  if (reader.u8() != kFormat) return std::nullopt;
  BootstrapRecord record;
  record.cluster = reader.id<ClusterId>();
  record.epoch = reader.id<Epoch>();
  record.configuration = read_configuration(reader);
  const Configuration& configuration = record.configuration;
  if (!reader.complete() || record.cluster.is_none() || record.epoch.is_none() ||
      configuration.voters.empty() || !has_incarnations(configuration.voters) ||
      !has_incarnations(configuration.outgoing_voters) ||
      !has_incarnations(configuration.learners)) {
    return std::nullopt;
  }
  return record;
}

}  // namespace lockstep::consensus
