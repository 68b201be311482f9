#include "simulation/faults/proven_bytes.hpp"

#include <algorithm>
#include <vector>

#include "wal/segment_format.hpp"

namespace lockstep::sim {
namespace {

struct Proof {
  std::uint64_t offset = 0;
  std::uint64_t proven_end = 0;
};

std::uint64_t furthest(const std::vector<Proof>& proofs, std::uint64_t before) {
  std::uint64_t end = 0;
  for (const Proof& proof : proofs) {
    if (proof.offset < before) end = std::max(end, proof.proven_end);
  }
  return end;
}

}  // namespace

std::uint64_t proven_bytes(ByteSpan segment) {
  if (segment.size() < kFirstBatchOffset) return 0;
  const auto header = decode_segment_header(segment.first(kSectorBytes));
  if (!header) return 0;
  std::vector<Proof> proofs;
  for (std::uint64_t offset = kFirstBatchOffset;
       offset + BatchHeader::kEncodedBytes <= segment.size(); offset += kSectorBytes) {
    const auto batch = decode_batch_header(segment.subspan(offset, BatchHeader::kEncodedBytes),
                                           header->nonce, offset);
    if (batch) proofs.push_back({offset, batch->proven_end});
  }
  return furthest(proofs, furthest(proofs, UINT64_MAX));
}

}  // namespace lockstep::sim
