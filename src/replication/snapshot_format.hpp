#pragma once

#include <cstdint>
#include <optional>

#include "base/checkpoint_chain.hpp"
#include "base/digest.hpp"
#include "consensus/snapshot_transfer.hpp"
#include "lockstep/state_machine.hpp"
#include "lockstep/wal_source.hpp"

namespace lockstep::replication {

// A snapshot travels as one stream: Lockstep's pairs, then the engine's image. What goes before it
// is of bounded size (docs/wire-format.md).

struct SnapshotHeader {
  /// Without the pairs.
  SnapshotMetadata metadata;
  std::uint64_t stream_bytes = 0;
  Digest stream_digest;
};

[[nodiscard]] SharedBuffer encode(const SnapshotHeader& header);
/// None: the bytes are no header, or what they say cannot be.
[[nodiscard]] std::optional<SnapshotHeader> decode_header(ByteSpan bytes);
/// By the header's content: what has the same name is the same to the last byte, whoever made it.
[[nodiscard]] consensus::SnapshotId snapshot_id(Sha256& sha, ByteSpan encoded_header);

/// The stream's beginning. The image follows.
[[nodiscard]] SharedBuffer encode_pairs(const SnapshotMetadata& metadata);
inline constexpr std::size_t kPairsPrefixBytes = 8;
/// How many bytes the pairs take, by the stream's first bytes.
[[nodiscard]] std::uint64_t pairs_bytes(ByteSpan prefix);
/// Into `metadata`. False: they make no sense.
[[nodiscard]] bool decode_pairs(ByteSpan bytes, SnapshotMetadata& metadata);

/// What a log that begins behind the snapshot has to know.
[[nodiscard]] Boundary boundary_of(const SnapshotMetadata& metadata);

/// None: the boundary is of no place in a chain.
[[nodiscard]] std::optional<CheckpointChain> chain_of(const Boundary& boundary);
/// The same as of this index, when that is an earlier one. None also: it is earlier than the
/// boundary tells.
[[nodiscard]] std::optional<CheckpointChain> chain_up_to(Index index, Boundary boundary);

/// The same as a pair, `lockstep/boundary`, which the engine stores with the snapshot: should a
/// crash come before the log has it, it is found there.
[[nodiscard]] SharedBuffer encode(const Boundary& boundary);
[[nodiscard]] std::optional<Boundary> decode_boundary(ByteSpan bytes);
inline constexpr const char* kBoundaryKey = "lockstep/boundary";

}  // namespace lockstep::replication
