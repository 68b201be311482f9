#include "replication/snapshot_format.hpp"

#include <algorithm>

#include "base/byte_codec.hpp"
#include "base/checkpoint_chain.hpp"
#include "base/configuration_codec.hpp"

namespace lockstep::replication {
namespace {

constexpr std::uint32_t kFormat = 1;

void write_place(ByteWriter& writer, EntryId last, const Configuration& configuration,
                 const Digest& checkpoint, const std::vector<Digest>& digests_since) {
  writer.number(last.index);
  writer.number(last.term);
  write_configuration(writer, configuration);
  writer.digest(checkpoint);
  writer.u32(static_cast<std::uint32_t>(digests_since.size()));
  for (const Digest& digest : digests_since) writer.digest(digest);
}

/// None: it is no place in a chain of checkpoints.
std::optional<Boundary> read_place(ByteReader& reader) {
  Boundary place;
  place.last.index = reader.number<Index>();
  place.last.term = reader.number<Term>();
  place.configuration = read_configuration(reader);
  place.checkpoint = reader.digest();
  place.digests_since.resize(reader.count(Digest::kBytes));
  for (Digest& digest : place.digests_since) digest = reader.digest();
  if (reader.failed() || !chain_of(place)) return std::nullopt;
  return place;
}

std::string text_of(ByteSpan bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

SharedBuffer encode(const SnapshotHeader& header) {
  const SnapshotMetadata& metadata = header.metadata;
  ByteWriter writer;
  writer.u32(metadata.format_version);
  writer.short_text(metadata.id);
  write_place(writer, metadata.last, metadata.configuration, metadata.checkpoint,
              metadata.digests_since);
  writer.u64(header.stream_bytes);
  writer.digest(header.stream_digest);
  return SharedBuffer::adopt(writer.take());
}

std::optional<SnapshotHeader> decode_header(ByteSpan bytes) {
  ByteReader reader(bytes);
  SnapshotHeader header;
  SnapshotMetadata& metadata = header.metadata;
  metadata.format_version = reader.u32();
  if (metadata.format_version != kFormat) return std::nullopt;
  metadata.id = reader.short_text();
  auto place = read_place(reader);
  header.stream_bytes = reader.u64();
  header.stream_digest = reader.digest();
  if (!place || !reader.complete() || metadata.id.empty()) return std::nullopt;
  if (header.stream_bytes < kPairsPrefixBytes) return std::nullopt;
  metadata.last = place->last;
  metadata.configuration = std::move(place->configuration);
  metadata.checkpoint = place->checkpoint;
  metadata.digests_since = std::move(place->digests_since);
  return header;
}

consensus::SnapshotId snapshot_id(Sha256& sha, ByteSpan encoded_header) {
  const Digest digest = sha.hash(encoded_header);
  consensus::SnapshotId::Bytes bytes;
  std::copy_n(digest.bytes.begin(), bytes.size(), bytes.begin());
  return consensus::SnapshotId(bytes);
}

SharedBuffer encode_pairs(const SnapshotMetadata& metadata) {
  ByteWriter pairs;
  pairs.u32(static_cast<std::uint32_t>(metadata.pairs.size()));
  for (const auto& [key, value] : metadata.pairs) {
    pairs.sized(as_bytes(key));
    pairs.sized(as_bytes(value));
  }
  ByteWriter writer;
  writer.u64(pairs.size());
  writer.raw(pairs.bytes());
  return SharedBuffer::adopt(writer.take());
}

std::uint64_t pairs_bytes(ByteSpan prefix) { return ByteReader(prefix).u64(); }

bool decode_pairs(ByteSpan bytes, SnapshotMetadata& metadata) {
  ByteReader reader(bytes);
  metadata.pairs.resize(reader.count(8));
  for (auto& [key, value] : metadata.pairs) {
    key = text_of(reader.sized());
    value = text_of(reader.sized());
  }
  return reader.complete();
}

Boundary boundary_of(const SnapshotMetadata& metadata) {
  return {metadata.last, metadata.configuration, metadata.checkpoint, metadata.digests_since};
}

std::optional<CheckpointChain> chain_of(const Boundary& boundary) {
  const Index checkpoint = CheckpointChain::checkpoint_before(boundary.last.index);
  auto chain = CheckpointChain::at({checkpoint, boundary.checkpoint}, boundary.digests_since);
  if (chain && chain->index() != boundary.last.index) return std::nullopt;
  return chain;
}

std::optional<CheckpointChain> chain_up_to(Index index, Boundary boundary) {
  const Index checkpoint = CheckpointChain::checkpoint_before(boundary.last.index);
  if (index < checkpoint || !chain_of(boundary)) return std::nullopt;
  if (index < boundary.last.index) {
    boundary.digests_since.resize(index.value() - checkpoint.value());
  }
  return CheckpointChain::at({checkpoint, boundary.checkpoint}, std::move(boundary.digests_since));
}

SharedBuffer encode(const Boundary& boundary) {
  ByteWriter writer;
  writer.u32(kFormat);
  write_place(writer, boundary.last, boundary.configuration, boundary.checkpoint,
              boundary.digests_since);
  return SharedBuffer::adopt(writer.take());
}

std::optional<Boundary> decode_boundary(ByteSpan bytes) {
  ByteReader reader(bytes);
  if (reader.u32() != kFormat) return std::nullopt;
  auto boundary = read_place(reader);
  if (!reader.complete()) return std::nullopt;
  return boundary;
}

}  // namespace lockstep::replication
