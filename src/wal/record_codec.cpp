#include "wal/record_codec.hpp"

#include "base/byte_codec.hpp"
#include "base/configuration_codec.hpp"

namespace lockstep {
namespace {

void put_entry_id(ByteWriter& writer, EntryId id) {
  writer.number(id.index);
  writer.number(id.term);
}

EntryId get_entry_id(ByteReader& reader) {
  const auto index = reader.number<Index>();
  return {index, reader.number<Term>()};
}

void put_boundary(ByteWriter& writer, const Boundary& boundary) {
  put_entry_id(writer, boundary.last);
  write_configuration(writer, boundary.configuration);
  writer.digest(boundary.checkpoint);
  writer.u32(static_cast<std::uint32_t>(boundary.digests_since.size()));
  for (const Digest& digest : boundary.digests_since) writer.digest(digest);
}

Boundary get_boundary(ByteReader& reader) {
  Boundary boundary;
  boundary.last = get_entry_id(reader);
  boundary.configuration = read_configuration(reader);
  boundary.checkpoint = reader.digest();
  boundary.digests_since.resize(reader.count(Digest::kBytes));
  for (Digest& digest : boundary.digests_since) digest = reader.digest();
  return boundary;
}

void put_range(ByteWriter& writer, IndexRange range) {
  writer.number(range.first);
  writer.number(range.last);
}

IndexRange get_range(ByteReader& reader) {
  const auto first = reader.number<Index>();
  return {first, reader.number<Index>()};
}

void put_counters(ByteWriter& writer, const LogCounters& counters) {
  writer.u32(counters.truncations);
  writer.u32(counters.state_version);
  writer.u32(counters.boundary_version);
  writer.number(counters.truncated_min);
}

LogCounters get_counters(ByteReader& reader) {
  LogCounters counters;
  counters.truncations = reader.u32();
  counters.state_version = reader.u32();
  counters.boundary_version = reader.u32();
  counters.truncated_min = reader.number<Index>();
  return counters;
}

void put_map(ByteWriter& writer, const LogMap& map) {
  writer.u32(static_cast<std::uint32_t>(map.segments().size()));
  for (const LogMap::Segment& segment : map.segments()) {
    writer.u64(segment.number);
    writer.u64(segment.nonce);
    writer.u64(segment.end);
  }
  writer.u32(static_cast<std::uint32_t>(map.extents().size()));
  for (const LogMap::Extent& extent : map.extents()) {
    writer.u64(extent.segment);
    put_range(writer, extent.range);
    writer.number(extent.places.front().first);
    writer.u64(extent.places.front().offset);
    writer.u8(extent.repaired ? 1 : 0);
  }
}

LogMap get_map(ByteReader& reader) {
  LogMap map;
  for (std::size_t left = reader.count(24); left > 0; --left) {
    LogMap::Segment segment;
    segment.number = reader.u64();
    segment.nonce = reader.u64();
    segment.end = reader.u64();
    map.begin_segment(segment);
  }
  for (std::size_t left = reader.count(41); left > 0; --left) {
    LogMap::Extent extent;
    extent.segment = reader.u64();
    extent.range = get_range(reader);
    LogMap::Place place;
    place.first = reader.number<Index>();
    place.offset = reader.u64();
    extent.places.push_back(place);
    extent.repaired = reader.u8() != 0;
    map.add_extent(std::move(extent));
  }
  return map;
}

}  // namespace

void encode_record_header(RecordType type, std::size_t length, std::uint8_t* out) {
  store_le(out, static_cast<std::uint32_t>(type));
  store_le(out + 4, static_cast<std::uint32_t>(length));
}

std::optional<Record> RecordReader::next() {
  if (body_.size() < kRecordHeaderBytes) return std::nullopt;
  const auto type = static_cast<RecordType>(load_le<std::uint32_t>(body_.data()));
  const std::size_t length = load_le<std::uint32_t>(body_.data() + 4);
  if (length > body_.size() - kRecordHeaderBytes) return std::nullopt;
  const Record record{type, body_.subspan(kRecordHeaderBytes, length)};
  body_ = body_.subspan(kRecordHeaderBytes + length);
  return record;
}

std::vector<std::uint8_t> encode_state(const StateRecord& state) {
  ByteWriter writer;
  writer.id(state.identity.cluster);
  writer.number(state.identity.group);
  writer.id(state.identity.epoch);
  writer.node(state.identity.node);
  writer.id(state.identity.incarnation);
  writer.number(state.hard_state.current_term);
  writer.node(state.hard_state.voted_for);
  writer.u8(state.install_intent ? 1 : 0);
  if (state.install_intent) {
    writer.sized(as_bytes(state.install_intent->snapshot_id));
    put_entry_id(writer, state.install_intent->last);
  }
  return writer.take();
}

std::optional<StateRecord> decode_state(ByteSpan bytes) {
  ByteReader reader(bytes);
  StateRecord state;
  state.identity.cluster = reader.id<ClusterId>();
  state.identity.group = reader.number<GroupId>();
  state.identity.epoch = reader.id<Epoch>();
  state.identity.node = reader.node();
  state.identity.incarnation = reader.id<Incarnation>();
  state.hard_state.current_term = reader.number<Term>();
  state.hard_state.voted_for = reader.node();
  if (reader.u8() != 0) {
    InstallIntent intent;
    const ByteSpan id = reader.sized();
    intent.snapshot_id.assign(id.begin(), id.end());
    intent.last = get_entry_id(reader);
    state.install_intent = std::move(intent);
  }
  if (!reader.complete()) return std::nullopt;
  return state;
}

std::vector<std::uint8_t> encode_boundary(const Boundary& boundary) {
  ByteWriter writer;
  put_boundary(writer, boundary);
  return writer.take();
}

std::optional<Boundary> decode_boundary(ByteSpan bytes) {
  ByteReader reader(bytes);
  Boundary boundary = get_boundary(reader);
  if (!reader.complete()) return std::nullopt;
  return boundary;
}

std::vector<std::uint8_t> encode_range(IndexRange range) {
  ByteWriter writer;
  put_range(writer, range);
  return writer.take();
}

std::optional<IndexRange> decode_range(ByteSpan bytes) {
  ByteReader reader(bytes);
  const IndexRange range = get_range(reader);
  if (!reader.complete()) return std::nullopt;
  return range;
}

std::vector<std::uint8_t> encode_summary(const WALState& state, const LogMap& map, EntryId promised,
                                         const LogCounters& promised_counters) {
  ByteWriter writer;
  put_entry_id(writer, promised);
  put_counters(writer, promised_counters);
  put_range(writer, state.bounds);
  put_entry_id(writer, state.last_promised);
  writer.u32(static_cast<std::uint32_t>(state.term_runs.size()));
  for (const TermRun& run : state.term_runs) {
    writer.number(run.term);
    writer.number(run.first);
  }
  writer.u32(static_cast<std::uint32_t>(state.configuration_indexes.size()));
  for (const Index index : state.configuration_indexes) writer.number(index);
  writer.u32(static_cast<std::uint32_t>(state.damaged.size()));
  for (const IndexRange& range : state.damaged) put_range(writer, range);
  writer.u8(state.boundary ? 1 : 0);
  if (state.boundary) put_boundary(writer, *state.boundary);
  put_map(writer, map);
  return writer.take();
}

std::optional<SummaryRecord> decode_summary(ByteSpan bytes) {
  ByteReader reader(bytes);
  SummaryRecord summary;
  WALState& state = summary.state;
  summary.promised = get_entry_id(reader);
  summary.promised_counters = get_counters(reader);
  state.bounds = get_range(reader);
  state.last_promised = get_entry_id(reader);
  state.term_runs.resize(reader.count(16));
  for (TermRun& run : state.term_runs) {
    run.term = reader.number<Term>();
    run.first = reader.number<Index>();
  }
  state.configuration_indexes.resize(reader.count(8));
  for (Index& index : state.configuration_indexes) index = reader.number<Index>();
  state.damaged.resize(reader.count(16));
  for (IndexRange& range : state.damaged) range = get_range(reader);
  if (reader.u8() != 0) state.boundary = get_boundary(reader);
  summary.map = get_map(reader);
  if (!reader.complete()) return std::nullopt;
  return summary;
}

}  // namespace lockstep
