#include <algorithm>
#include <array>
#include <utility>

#include "base/byte_codec.hpp"
#include "base/digest.hpp"
#include "base/entry_codec.hpp"

namespace lockstep {
namespace {

bool is_flat(ByteSpan encoded) { return encoded.size() <= EntryHeader::kEncodedBytes + kLeafBytes; }

ByteSpan header_of(ByteSpan encoded) { return encoded.first(EntryHeader::kEncodedBytes); }
ByteSpan payload_of(ByteSpan encoded) { return encoded.subspan(EntryHeader::kEncodedBytes); }

std::size_t leaf_count(ByteSpan payload) { return (payload.size() + kLeafBytes - 1) / kLeafBytes; }

void add_leaves(ByteSpan payload, std::vector<HashInput>& inputs) {
  static const auto tag = [] {
    std::array<std::uint8_t, sizeof(kLeafTag)> bytes;
    store_le(bytes.data(), kLeafTag);
    return bytes;
  }();
  for (; !payload.empty(); payload = payload.subspan(inputs.back().body.size())) {
    inputs.push_back({tag, payload.first(std::min(payload.size(), kLeafBytes))});
  }
}

ByteSpan bytes_of(std::span<const Digest> digests) {
  static_assert(sizeof(Digest) == Digest::kBytes);
  return {reinterpret_cast<const std::uint8_t*>(digests.data()), digests.size_bytes()};
}

std::vector<Digest> hash_many(Sha256& sha, const std::vector<HashInput>& inputs) {
  std::vector<Digest> digests(inputs.size());
  sha.hash_many(inputs, digests.data());
  return digests;
}

}  // namespace

std::vector<std::uint8_t> hash_leaves(Sha256& sha, ByteSpan payload) {
  std::vector<HashInput> inputs;
  inputs.reserve(leaf_count(payload));
  add_leaves(payload, inputs);
  const std::vector<Digest> leaves = hash_many(sha, inputs);
  const ByteSpan bytes = bytes_of(leaves);
  return {bytes.begin(), bytes.end()};
}

Digest entry_digest(Sha256& sha, ByteSpan encoded, ByteSpan leaves) {
  if (is_flat(encoded)) return sha.hash(encoded);
  if (!leaves.empty()) return sha.hash({header_of(encoded), leaves});
  return sha.hash({header_of(encoded), hash_leaves(sha, payload_of(encoded))});
}

std::vector<Digest> entry_digests(Sha256& sha, std::span<const DigestedBytes> entries) {
  if (entries.size() == 1) return {entry_digest(sha, entries[0].encoded, entries[0].leaves)};
  std::vector<HashInput> inputs;
  inputs.reserve(entries.size());
  for (const DigestedBytes& entry : entries) {
    if (!is_flat(entry.encoded) && entry.leaves.empty()) {
      add_leaves(payload_of(entry.encoded), inputs);
    }
  }
  const std::vector<Digest> made = hash_many(sha, inputs);
  std::span<const Digest> leaves_left(made);
  inputs.clear();
  for (const DigestedBytes& entry : entries) {
    if (is_flat(entry.encoded)) {
      inputs.push_back({{}, entry.encoded});
    } else if (!entry.leaves.empty()) {
      inputs.push_back({header_of(entry.encoded), entry.leaves});
    } else {
      const std::size_t count = leaf_count(payload_of(entry.encoded));
      inputs.push_back({header_of(entry.encoded), bytes_of(leaves_left.first(count))});
      leaves_left = leaves_left.subspan(count);
    }
  }
  return hash_many(sha, inputs);
}

Entry seal_entry(Sha256& sha, const EntryHeader& header, std::shared_ptr<std::uint8_t[]> memory,
                 ByteSpan leaves) {
  encode_entry_header(header, memory.get());
  const ByteSpan encoded(memory.get(), EntryHeader::kEncodedBytes + header.payload_bytes);
  return {header, entry_digest(sha, encoded, leaves), SharedBuffer(std::move(memory), encoded)};
}

namespace {

bool has_its_header(const Entry& entry) {
  const ByteSpan encoded = entry.encoded.bytes();
  if (encoded.size() < EntryHeader::kEncodedBytes) return false;
  const auto header = decode_entry_header(encoded);
  return header && *header == entry.header &&
         encoded.size() == EntryHeader::kEncodedBytes + header->payload_bytes;
}

}  // namespace

bool verify_entry(Sha256& sha, const Entry& entry) {
  return has_its_header(entry) && entry_digest(sha, entry.encoded.bytes()) == entry.digest;
}

std::size_t count_verified(Sha256& sha, std::span<const Entry> entries) {
  if (entries.size() == 1) return verify_entry(sha, entries[0]) ? 1 : 0;
  std::vector<DigestedBytes> digested;
  digested.reserve(entries.size());
  for (const Entry& entry : entries) {
    if (!has_its_header(entry)) break;
    digested.push_back({entry.encoded.bytes()});
  }
  const std::vector<Digest> digests = entry_digests(sha, digested);
  std::size_t count = 0;
  while (count < digests.size() && digests[count] == entries[count].digest) ++count;
  return count;
}

void TreeHasher::add(Sha256& sha, ByteSpan part) {
  const std::vector<std::uint8_t> made = hash_leaves(sha, part);
  leaves_.insert(leaves_.end(), made.begin(), made.end());
}

Digest TreeHasher::finish(Sha256& sha, ByteSpan encoded_header) const {
  return sha.hash({encoded_header, leaves_});
}

}  // namespace lockstep
