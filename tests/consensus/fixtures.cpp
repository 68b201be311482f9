#include "consensus/fixtures.hpp"

#include "consensus/configuration_text.hpp"

namespace lockstep::consensus::test {

CoreOptions test_options() {
  CoreOptions options;
  options.heartbeat_interval = std::chrono::milliseconds(50);
  options.commit_notice_delay = std::chrono::milliseconds(0);
  options.election_timeout_min = std::chrono::milliseconds(150);
  options.election_timeout_max = std::chrono::milliseconds(300);
  options.retry_interval = std::chrono::milliseconds(200);
  options.vote_timeout = std::chrono::milliseconds(1000);
  options.transfer_timeout = std::chrono::milliseconds(1000);
  options.bootstrap_timeout = std::chrono::milliseconds(2000);
  options.window = {std::size_t{1} << 20, 16};
  options.max_batch_bytes = 4096;
  options.read_ahead_bytes = 8192;
  options.tail_cache_bytes = std::size_t{1} << 20;
  return options;
}

Incarnation incarnation_of(const NodeId& name, int generation) {
  Incarnation::Bytes bytes;
  bytes.fill(static_cast<std::uint8_t>(generation));
  for (std::size_t i = 0; i < name.str().size() && i + 1 < bytes.size(); ++i) {
    bytes[i + 1] = static_cast<std::uint8_t>(name.str()[i]);
  }
  return Incarnation(bytes);
}

BootstrapRecord founding_record(const std::vector<NodeId>& members) {
  BootstrapRecord record;
  record.cluster = filled_id<ClusterId>(0xcc);
  record.epoch = filled_id<Epoch>(0xee);
  for (const NodeId& member : members) {
    record.configuration.voters.push_back({member, incarnation_of(member)});
  }
  return record;
}

Entry make_entry(Sha256& sha, EntryId id, EntryKind kind, ByteSpan payload) {
  EntryHeader header;
  header.group = kGroup;
  header.kind = kind;
  header.term = id.term;
  header.index = id.index;
  header.payload_bytes = payload.size();
  return seal_entry(sha, header, Payload(payload).release());
}

Entry make_entry(Sha256& sha, EntryId id, const std::string& content,
                 const std::vector<NodeId>& members) {
  if (content == "noop") return make_entry(sha, id, EntryKind::kNoop, {});
  if (content == "config") {
    return make_entry(sha, id, EntryKind::kConfiguration, encode(founding_record(members)));
  }
  if (content.starts_with("config:")) {
    BootstrapRecord record = founding_record(members);
    record.configuration = configuration_from(content.substr(7));
    return make_entry(sha, id, EntryKind::kConfiguration, encode(record));
  }
  return make_entry(sha, id, EntryKind::kCommand, as_bytes(content));
}

}  // namespace lockstep::consensus::test
