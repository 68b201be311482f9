#include <openssl/evp.h>

#include <new>

#include "base/byte_codec.hpp"
#include "base/digest.hpp"
#include "base/entry_codec.hpp"

namespace lockstep {

struct Sha256::State {
  EVP_MD* algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() {
    EVP_MD_CTX_free(context);
    EVP_MD_free(algorithm);
  }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  if (state_->algorithm == nullptr || state_->context == nullptr) throw std::bad_alloc();
}

Sha256::~Sha256() = default;

void Sha256::begin() {
  if (EVP_DigestInit_ex2(state_->context, state_->algorithm, nullptr) != 1) throw std::bad_alloc();
}

void Sha256::update(ByteSpan bytes) {
  if (EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) != 1) throw std::bad_alloc();
}

Digest Sha256::finish() {
  Digest digest;
  if (EVP_DigestFinal_ex(state_->context, digest.bytes.data(), nullptr) != 1) {
    throw std::bad_alloc();
  }
  return digest;
}

Digest Sha256::hash(std::initializer_list<ByteSpan> pieces) {
  begin();
  for (const ByteSpan piece : pieces) update(piece);
  return finish();
}

namespace {

void append_leaves(Sha256& sha, ByteSpan payload, std::vector<std::uint8_t>& leaves) {
  std::array<std::uint8_t, 4> tag;
  store_le(tag.data(), kLeafTag);
  while (!payload.empty()) {
    const ByteSpan leaf = payload.first(std::min(payload.size(), kLeafBytes));
    const Digest digest = sha.hash({tag, leaf});
    leaves.insert(leaves.end(), digest.bytes.begin(), digest.bytes.end());
    payload = payload.subspan(leaf.size());
  }
}

}  // namespace

std::vector<std::uint8_t> hash_leaves(Sha256& sha, ByteSpan payload) {
  std::vector<std::uint8_t> leaves;
  leaves.reserve((payload.size() + kLeafBytes - 1) / kLeafBytes * Digest::kBytes);
  append_leaves(sha, payload, leaves);
  return leaves;
}

Digest entry_digest(Sha256& sha, ByteSpan encoded, ByteSpan leaves) {
  const ByteSpan header = encoded.first(EntryHeader::kEncodedBytes);
  const ByteSpan payload = encoded.subspan(EntryHeader::kEncodedBytes);
  if (payload.size() <= kLeafBytes) return sha.hash(encoded);
  if (!leaves.empty()) return sha.hash({header, leaves});
  const std::vector<std::uint8_t> made = hash_leaves(sha, payload);
  return sha.hash({header, made});
}

Entry seal_entry(Sha256& sha, const EntryHeader& header, std::shared_ptr<std::uint8_t[]> memory,
                 ByteSpan leaves) {
  encode_entry_header(header, memory.get());
  const ByteSpan encoded(memory.get(), EntryHeader::kEncodedBytes + header.payload_bytes);
  return {header, entry_digest(sha, encoded, leaves), SharedBuffer(std::move(memory), encoded)};
}

bool verify_entry(Sha256& sha, const Entry& entry) {
  const ByteSpan encoded = entry.encoded.bytes();
  if (encoded.size() < EntryHeader::kEncodedBytes) return false;
  const auto header = decode_entry_header(encoded);
  return header && *header == entry.header &&
         encoded.size() == EntryHeader::kEncodedBytes + header->payload_bytes &&
         entry_digest(sha, encoded) == entry.digest;
}

void TreeHasher::add(Sha256& sha, ByteSpan part) { append_leaves(sha, part, leaves_); }

Digest TreeHasher::finish(Sha256& sha, ByteSpan encoded_header) const {
  return sha.hash({encoded_header, leaves_});
}

}  // namespace lockstep
