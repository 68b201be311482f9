#include "benchmark/limits/hash_by.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "base/byte_codec.hpp"
#include "base/entry_codec.hpp"
#ifdef LOCKSTEP_HAS_IPSEC_MB
#include <intel-ipsec-mb.h>
#endif

namespace lockstep::benchmark {

std::string to_string(HashBy by) { return by == HashBy::kOpenSsl ? "openssl" : "ipsec-mb"; }

#ifdef LOCKSTEP_HAS_IPSEC_MB

bool is_there(HashBy) { return true; }

struct BatchHasher::Lanes {
  static constexpr std::size_t kLeavesAtOnce = 16;
  IMB_MGR* manager = alloc_mb_mgr(0);
  /// A leaf's tag must stand before its bytes.
  std::array<std::array<std::uint8_t, sizeof(kLeafTag) + kLeafBytes>, kLeavesAtOnce> tagged;

  Lanes() {
    if (manager == nullptr) throw std::bad_alloc();
    init_mb_mgr_auto(manager, nullptr);
    for (auto& leaf : tagged) store_le(leaf.data(), kLeafTag);
  }
  ~Lanes() { free_mb_mgr(manager); }

  void hash(std::span<const ByteSpan> pieces, Digest* out) {
    for (const ByteSpan piece : pieces) {
      IMB_JOB* job = IMB_GET_NEXT_JOB(manager);
      job->cipher_mode = IMB_CIPHER_NULL;
      job->cipher_direction = IMB_DIR_ENCRYPT;
      job->chain_order = IMB_ORDER_HASH_CIPHER;
      job->hash_alg = IMB_AUTH_SHA_256;
      job->src = piece.data();
      job->hash_start_src_offset_in_bytes = 0;
      job->msg_len_to_hash_in_bytes = piece.size();
      job->auth_tag_output = (out++)->bytes.data();
      job->auth_tag_output_len_in_bytes = Digest::kBytes;
      IMB_SUBMIT_JOB_NOCHECK(manager);
    }
    while (IMB_FLUSH_JOB(manager) != nullptr) {
    }
  }
};

#else

bool is_there(HashBy by) { return by == HashBy::kOpenSsl; }

struct BatchHasher::Lanes {
  static constexpr std::size_t kLeavesAtOnce = 1;
  std::array<std::array<std::uint8_t, 0>, kLeavesAtOnce> tagged;
  void hash(std::span<const ByteSpan>, Digest*) {}
};

#endif

BatchHasher::BatchHasher(HashBy by) {
  if (!is_there(by)) throw std::runtime_error(to_string(by) + " is not in this build");
  if (by == HashBy::kIpsecMb) lanes_ = std::make_unique<Lanes>();
}

BatchHasher::~BatchHasher() = default;

void BatchHasher::hash(std::span<const ByteSpan> pieces, Digest* out) {
  if (lanes_) return lanes_->hash(pieces, out);
  for (const ByteSpan piece : pieces) *out++ = one_.hash(piece);
}

void BatchHasher::hash_entries(std::span<const ByteSpan> encoded, Digest* out) {
  const auto is_flat = [](ByteSpan entry) {
    return entry.size() <= EntryHeader::kEncodedBytes + kLeafBytes;
  };
  if (std::ranges::all_of(encoded, is_flat)) return hash(encoded, out);
  std::vector<std::uint8_t> leaves;
  for (const ByteSpan entry : encoded) {
    leaves.clear();
    if (!is_flat(entry)) add_leaves(entry.subspan(EntryHeader::kEncodedBytes), leaves);
    *out++ = entry_digest(one_, entry, leaves);
  }
}

void BatchHasher::add_leaves(ByteSpan payload, std::vector<std::uint8_t>& leaves) {
  if (!lanes_) {
    const std::vector<std::uint8_t> made = hash_leaves(one_, payload);
    leaves.insert(leaves.end(), made.begin(), made.end());
    return;
  }
  std::array<ByteSpan, Lanes::kLeavesAtOnce> pieces;
  std::array<Digest, Lanes::kLeavesAtOnce> digests;
  while (!payload.empty()) {
    std::size_t count = 0;
    for (; count < pieces.size() && !payload.empty(); ++count) {
      const ByteSpan leaf = payload.first(std::min(payload.size(), kLeafBytes));
      auto& tagged = lanes_->tagged[count];
      std::copy(leaf.begin(), leaf.end(), tagged.begin() + sizeof(kLeafTag));
      pieces[count] = {tagged.data(), sizeof(kLeafTag) + leaf.size()};
      payload = payload.subspan(leaf.size());
    }
    lanes_->hash(std::span(pieces).first(count), digests.data());
    for (std::size_t i = 0; i < count; ++i) {
      leaves.insert(leaves.end(), digests[i].bytes.begin(), digests[i].bytes.end());
    }
  }
}

}  // namespace lockstep::benchmark
