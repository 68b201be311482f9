#include "replication/outgoing_snapshot.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/digest.hpp"
#include "replication/snapshot_format.hpp"

namespace lockstep::replication {
namespace {

constexpr std::size_t kReadAheadBytes = std::size_t{1} << 20;

/// The host's code must not throw; if it does, it has failed.
Result<SharedBuffer> read_image(ISnapshot& image, std::uint64_t offset, std::size_t max_bytes) {
  try {
    return image.read(offset, max_bytes);
  } catch (const std::exception& exception) {
    return Error(Errc::kStateMachineFailed, exception.what());
  } catch (...) {
    return Error(Errc::kStateMachineFailed, "an unknown exception");
  }
}

}  // namespace

OutgoingSnapshot::OutgoingSnapshot(SnapshotImage image)
    : state_(std::move(image.state)), pairs_(encode_pairs(image.metadata)) {
  offer_.last = image.metadata.last;
  offer_.size_bytes = pairs_.size() + state_->size();
}

Result<std::shared_ptr<OutgoingSnapshot>> OutgoingSnapshot::make(SnapshotImage image,
                                                                 const std::atomic<bool>& stopped) {
  SnapshotHeader header{image.metadata, 0, {}};
  std::shared_ptr<OutgoingSnapshot> snapshot(new OutgoingSnapshot(std::move(image)));
  Sha256 sha;
  sha.begin();
  std::uint64_t offset = 0;
  while (offset < snapshot->offer_.size_bytes) {
    if (stopped) return Error(Errc::kStopped);
    const Result<SharedBuffer> piece = snapshot->read(offset, kReadAheadBytes);
    if (!piece) return piece.error();
    sha.update(piece->bytes());
    offset += piece->size();
  }
  header.stream_bytes = offset;
  header.stream_digest = sha.finish();
  snapshot->offer_.metadata = encode(header);
  snapshot->offer_.id = snapshot_id(sha, snapshot->offer_.metadata.bytes());
  return snapshot;
}

Result<SharedBuffer> OutgoingSnapshot::read(std::uint64_t offset, std::size_t max_bytes) {
  const std::size_t wanted = static_cast<std::size_t>(
      std::min<std::uint64_t>(max_bytes, offer_.size_bytes - std::min(offset, offer_.size_bytes)));
  std::vector<std::uint8_t> bytes;
  bytes.reserve(wanted);
  if (offset < pairs_.size()) {
    const ByteSpan head = pairs_.bytes().subspan(static_cast<std::size_t>(offset));
    bytes.assign(head.begin(),
                 head.begin() + static_cast<std::ptrdiff_t>(std::min(head.size(), wanted)));
  }
  while (bytes.size() < wanted) {
    const std::uint64_t in_image = offset + bytes.size() - pairs_.size();
    const Result<SharedBuffer> piece = read_image(*state_, in_image, wanted - bytes.size());
    if (!piece) return piece.error();
    if (piece->empty() || piece->size() > wanted - bytes.size()) {
      return Error(Errc::kStateMachineFailed, "the engine's snapshot gives " +
                                                  std::to_string(piece->size()) +
                                                  " bytes at offset " + std::to_string(in_image) +
                                                  " of " + std::to_string(state_->size()));
    }
    bytes.insert(bytes.end(), piece->bytes().begin(), piece->bytes().end());
  }
  return SharedBuffer::adopt(std::move(bytes));
}

}  // namespace lockstep::replication
