#include "consensus/cluster.hpp"

namespace lockstep::consensus::test {

/// Of what is applied, at once; the same id for the same content.
void Cluster::offer_snapshot(const NodeId& name, const SnapshotWanted& wanted) {
  const Node& node = nodes_.at(name);
  const Index applied(node.applied.size());
  if (applied < wanted.at_least || !node.core->configurations().is_certain_at(applied)) {
    const Error none(Errc::kWrongState, "nothing later is applied, or the members are not known");
    return event(name, [&](Core& core) { core.snapshot_failed(wanted.follower, none); });
  }
  Image image;
  image.applied = node.applied;
  image.boundary.last = image.applied.back().id();
  image.boundary.configuration = node.core->configurations().at(image.boundary.last.index);
  SnapshotId::Bytes id{};
  id[0] = static_cast<std::uint8_t>(image.boundary.last.index.value());
  id[1] = static_cast<std::uint8_t>(image.boundary.last.index.value() >> 8);
  id[2] = static_cast<std::uint8_t>(image.boundary.last.term.value());
  id[3] = 1;
  image.offer = {SnapshotId(id), image.boundary.last, 5 * SnapshotTransfer::kPieceBytes + 1,
                 SharedBuffer::copy_of("image")};
  images_[image.offer.id] = image;
  event(name, [&](Core& core) { core.snapshot_ready(wanted.follower, image.offer); });
}

/// Pieces carry no bytes here: their places are enough.
void Cluster::spool(const NodeId& name, const PieceReceived& received) {
  Node& node = nodes_.at(name);
  const InstallSnapshot& piece = received.piece;
  const bool begins = !piece.metadata.empty();
  if (node.spool != piece.snapshot && begins) {
    node.spool = piece.snapshot;
    node.spooled_bytes = 0;
  }
  const std::uint64_t size = piece.size_bytes;
  if (node.spool == piece.snapshot && !begins && piece.offset == node.spooled_bytes) {
    node.spooled_bytes = std::min(size, piece.offset + SnapshotTransfer::kPieceBytes);
  }
  const std::uint64_t next = node.spool == piece.snapshot ? node.spooled_bytes : 0;
  event(name, [&](Core& core) { core.piece_stored(received.sender, piece.snapshot, next); });
  if (next < size || !node.is_up() || node.core->is_installing()) return;
  const Boundary boundary = images_.at(piece.snapshot).boundary;
  event(name, [&](Core& core) {
    core.snapshot_received(received.sender, piece.snapshot, "image", boundary);
  });
}

bool Cluster::install_one(const NodeId& name) {
  Node& node = nodes_.at(name);
  if (!node.is_up() || !node.to_install) return false;
  const Image& image = images_.at(*std::exchange(node.to_install, std::nullopt));
  note(name.str() + " installs " + to_string(image.offer.last.index));
  checkers_.on_install(name, image.applied);
  node.applied = image.applied;
  event(name, [](Core& core) { core.engine_has_snapshot(); });
  return true;
}

}  // namespace lockstep::consensus::test
