#include "lockstep/wal_state_tracker.hpp"

#include <algorithm>
#include <utility>

#include "base/byte_codec.hpp"
#include "base/digest.hpp"
#include "wal/incarnation.hpp"
#include "wal/log_draft.hpp"
#include "wal/record_codec.hpp"
#include "wal/repair_check.hpp"

namespace lockstep {
namespace {

constexpr std::uint32_t kStateMagic = 0x5453534c;     // "LSST"
constexpr std::uint32_t kBoundaryMagic = 0x4442534c;  // "LSBD"
/// Since 2 it tells the newest configuration.
constexpr std::uint32_t kVersion = 2;

/// Magic, version and checksum in front of the content.
std::vector<std::uint8_t> wrap(std::uint32_t magic, ByteSpan content) {
  ByteWriter writer;
  writer.u32(magic);
  writer.u32(kVersion);
  writer.u32(crc32c(content));
  writer.raw(content);
  return writer.take();
}

Result<ByteSpan> unwrap(std::uint32_t magic, ByteSpan bytes, const std::string& what) {
  ByteReader reader(bytes);
  const bool known = reader.u32() == magic;
  const std::uint32_t version = reader.u32();
  if (known && version > kVersion) {
    return Error(Errc::kNewerFormat, what + " was stored in format " + std::to_string(version) +
                                         "; this build reads up to " + std::to_string(kVersion));
  }
  const std::uint32_t crc = reader.u32();
  const ByteSpan content = reader.raw(reader.remaining());
  if (!known || version == 0 || reader.failed() || crc32c(content) != crc) {
    return Error(Errc::kCorruption, what + " is damaged");
  }
  return content;
}

void put_range(ByteWriter& writer, const IndexRange& range) {
  writer.number(range.first);
  writer.number(range.last);
}

IndexRange get_range(ByteReader& reader) {
  const auto first = reader.number<Index>();
  return {first, reader.number<Index>()};
}

Result<WALState> decode_content(ByteSpan content) {
  const Error damaged(Errc::kCorruption, "the state of the log is damaged");
  ByteReader reader(content);
  std::optional<StateRecord> record = decode_state(reader.sized());
  if (!record) return damaged;
  WALState state;
  state.identity = std::move(record->identity);
  state.hard_state = std::move(record->hard_state);
  state.install_intent = std::move(record->install_intent);
  state.bounds = get_range(reader);
  state.last_promised.index = reader.number<Index>();
  state.last_promised.term = reader.number<Term>();
  state.term_runs.resize(reader.count(16));
  for (TermRun& run : state.term_runs) {
    run.term = reader.number<Term>();
    run.first = reader.number<Index>();
  }
  state.configuration_indexes.resize(reader.count(8));
  for (Index& index : state.configuration_indexes) index = reader.number<Index>();
  state.damaged.resize(reader.count(16));
  for (IndexRange& range : state.damaged) range = get_range(reader);
  if (reader.remaining() > 0 && reader.u8() == 1) {
    state.newest_configuration = reader.number<Index>();
  }
  if (!reader.complete()) return damaged;
  return state;
}

}  // namespace

WALStateTracker::WALStateTracker(WALState state)
    : state_(std::make_unique<LogState>(std::move(state))) {
  state_->settle_newest_configuration();
}

WALStateTracker::WALStateTracker(NodeId node, GroupId group, Runtime& runtime) {
  WALIdentity identity;
  identity.node = std::move(node);
  identity.group = group;
  identity.incarnation = fresh_incarnation(runtime);
  state_ = std::make_unique<LogState>(std::move(identity));
}

WALStateTracker::WALStateTracker(const WALStateTracker& other)
    : state_(std::make_unique<LogState>(*other.state_)) {}

WALStateTracker& WALStateTracker::operator=(const WALStateTracker& other) {
  *state_ = *other.state_;
  return *this;
}

WALStateTracker::WALStateTracker(WALStateTracker&&) noexcept = default;
WALStateTracker& WALStateTracker::operator=(WALStateTracker&&) noexcept = default;
WALStateTracker::~WALStateTracker() = default;

Result<WALStateTracker> WALStateTracker::decode(ByteSpan encoded, ByteSpan encoded_boundary) {
  const Result<ByteSpan> content = unwrap(kStateMagic, encoded, "the state of the log");
  if (!content) return content.error();
  Result<WALState> state = decode_content(*content);
  if (!state) return state.error();
  if (!encoded_boundary.empty()) {
    const Result<ByteSpan> inner = unwrap(kBoundaryMagic, encoded_boundary, "the log's boundary");
    if (!inner) return inner.error();
    state->boundary = decode_boundary(*inner);
  }
  const Index released = state->boundary ? state->boundary->last.index : Index{};
  if (released.next() != state->bounds.first) {
    return Error(Errc::kCorruption, "the log begins at " + to_string(state->bounds.first) +
                                        ", but the boundary stored with it is " +
                                        to_string(released));
  }
  return WALStateTracker(std::move(*state));
}

std::vector<std::uint8_t> WALStateTracker::encoded() const {
  const WALState& state = get();
  ByteWriter writer;
  writer.sized(encode_state({state.identity, state.hard_state, state.install_intent}));
  put_range(writer, state.bounds);
  writer.number(state.last_promised.index);
  writer.number(state.last_promised.term);
  writer.u32(static_cast<std::uint32_t>(state.term_runs.size()));
  for (const TermRun& run : state.term_runs) {
    writer.number(run.term);
    writer.number(run.first);
  }
  writer.u32(static_cast<std::uint32_t>(state.configuration_indexes.size()));
  for (const Index index : state.configuration_indexes) writer.number(index);
  writer.u32(static_cast<std::uint32_t>(state.damaged.size()));
  for (const IndexRange& range : state.damaged) put_range(writer, range);
  writer.u8(state.newest_configuration ? 1 : 0);
  if (state.newest_configuration) writer.number(*state.newest_configuration);
  return wrap(kStateMagic, writer.bytes());
}

std::vector<std::uint8_t> WALStateTracker::encoded_boundary() const {
  if (!get().boundary) return {};
  return wrap(kBoundaryMagic, encode_boundary(*get().boundary));
}

const WALState& WALStateTracker::get() const { return state_->get(); }

Result<> WALStateTracker::write(const WALWrite& write) {
  WALWrite checked = write;  // entries share their bytes
  LogDraft draft(*state_);
  if (Result<> accepted = draft.add(checked); !accepted) return accepted;
  if (checked.truncate_from) state_->truncate(*checked.truncate_from);
  for (const Entry& entry : checked.entries) state_->append(entry.id(), entry.header.kind);
  if (checked.hard_state) state_->set_hard_state(*checked.hard_state);
  if (checked.boundary) state_->reset(*checked.boundary);
  if (checked.identity) state_->set_identity(*checked.identity);
  if (checked.install_intent) state_->set_install_intent(checked.install_intent);
  return {};
}

Result<bool> WALStateTracker::release_prefix(const Boundary& boundary) {
  LogDraft draft(*state_);
  const Result<bool> moves = draft.add_release(boundary);
  if (moves && *moves) state_->release(boundary);
  return moves;
}

Result<> WALStateTracker::repair(IndexRange range, const std::vector<Entry>& entries) {
  Sha256 sha;
  if (Result<> fits = check_repair(*state_, range, entries, sha); !fits) return fits;
  std::vector<EntryHeader> headers;
  headers.reserve(entries.size());
  for (const Entry& entry : entries) headers.push_back(entry.header);
  state_->repair(headers);
  return {};
}

void WALStateTracker::mark_damaged(IndexRange range) {
  state_->mark_damaged(state_->held_of(range));
}

Result<IndexRange> WALStateTracker::readable(IndexRange range) const {
  if (const Result<> checked = state_->check_read(range); !checked) return checked.error();
  return IndexRange{range.first, state_->read_end(range)};
}

}  // namespace lockstep
