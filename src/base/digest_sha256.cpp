#include <openssl/evp.h>

#include <algorithm>
#include <new>

#include "base/digest_lanes.hpp"

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

/// With fewer, so many lanes are idle that OpenSSL is quicker where it has SHA instructions.
constexpr std::size_t kFewestForLanes = 6;

HashBy& hash_of_the_process() {
  static HashBy by = has_hash(HashBy::kIpsecMb) ? HashBy::kIpsecMb : HashBy::kOpenSsl;
  return by;
}

}  // namespace

void use_hash(HashBy by) { hash_of_the_process() = by; }
HashBy hash_in_use() { return hash_of_the_process(); }

std::string to_string(HashBy by) { return by == HashBy::kOpenSsl ? "openssl" : "ipsec-mb"; }

void Sha256::hash_many(std::span<const HashInput> inputs, Digest* out) {
  const bool has_used_lanes = inputs.size() >= kFewestForLanes &&
                              hash_in_use() == HashBy::kIpsecMb && hash_in_lanes(inputs, out);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (has_used_lanes && fits_a_lane(inputs[i])) continue;
    out[i] = hash({inputs[i].head, inputs[i].body});
  }
}

}  // namespace lockstep
