#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lockstep/buffer.hpp"
#include "lockstep/entry.hpp"
#include "lockstep/types.hpp"

namespace lockstep {

/// Who makes digests when there are many. They come out the same.
enum class HashBy {
  kOpenSsl,  ///< OpenSSL, one after another
  kIpsecMb,  ///< Intel's ipsec-mb, several at a time
};

/// What this build has.
[[nodiscard]] bool has_hash(HashBy by);
/// Of the whole process; at first ipsec-mb, if the build has it. For measurements: to be changed
/// before anything is hashed. Precondition: `has_hash(by)`.
void use_hash(HashBy by);
[[nodiscard]] HashBy hash_in_use();
/// "openssl", "ipsec-mb".
[[nodiscard]] std::string to_string(HashBy by);

/// One text to digest: `head`, then `body`.
struct HashInput {
  ByteSpan head;
  ByteSpan body;
  [[nodiscard]] std::size_t size() const { return head.size() + body.size(); }
};

/// SHA-256 (FIPS 180-4) by OpenSSL, with the algorithm fetched once and the context used again: an
/// implicit fetch costs more than a small hash. Not thread-safe; keep one where hashing is done.
/// Throws std::bad_alloc when memory runs out.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  [[nodiscard]] Digest hash(ByteSpan bytes) { return hash({bytes}); }
  /// Of the pieces, one after another.
  [[nodiscard]] Digest hash(std::initializer_list<ByteSpan> pieces);
  /// Of each input by itself, several at a time where that is quicker; `out` has room for as many.
  void hash_many(std::span<const HashInput> inputs, Digest* out);

  // Piece by piece: begin, update as often as wanted, finish.
  void begin();
  void update(ByteSpan bytes);
  [[nodiscard]] Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The digests of a large payload's leaves, each 32 bytes; they do not depend on the entry's place,
/// so they can be made before it has one.
[[nodiscard]] std::vector<std::uint8_t> hash_leaves(Sha256& sha, ByteSpan payload);

/// `SHA-256(encoded header || payload)`, or `SHA-256(encoded header || leaf digests)` above
/// `kLeafBytes`. `encoded`: header and payload, as in `Entry::encoded`. `leaves`: of `hash_leaves`,
/// when made before.
[[nodiscard]] Digest entry_digest(Sha256& sha, ByteSpan encoded, ByteSpan leaves = {});

/// What `entry_digest` is made of.
struct DigestedBytes {
  ByteSpan encoded;
  ByteSpan leaves = {};
};

/// `entry_digest` of each, many at a time.
[[nodiscard]] std::vector<Digest> entry_digests(Sha256& sha,
                                                std::span<const DigestedBytes> entries);

/// Gives an entry its encoded header, in the headroom of its buffer, and its digest. `memory`: from
/// `Payload::release`.
[[nodiscard]] Entry seal_entry(Sha256& sha, const EntryHeader& header,
                               std::shared_ptr<std::uint8_t[]> memory, ByteSpan leaves = {});

/// The digest is right, and the encoded header says what `header` says.
[[nodiscard]] bool verify_entry(Sha256& sha, const Entry& entry);
/// How many entries there are before the first that `verify_entry` refuses: all if none is.
[[nodiscard]] std::size_t count_verified(Sha256& sha, std::span<const Entry> entries);

/// Hashes a large payload that comes in parts, each cut at a multiple of `kLeafBytes` except the
/// last.
class TreeHasher {
 public:
  void add(Sha256& sha, ByteSpan part);
  /// The digest of the entry with this encoded header.
  [[nodiscard]] Digest finish(Sha256& sha, ByteSpan encoded_header) const;

 private:
  std::vector<std::uint8_t> leaves_;
};

/// CRC-32C (Castagnoli, RFC 3720 B.4), continued from `seed`; chain calls to cover several pieces.
[[nodiscard]] std::uint32_t crc32c(ByteSpan bytes, std::uint32_t seed = 0);
/// The same without the CPU's instruction; where there is none, `crc32c` is this.
[[nodiscard]] std::uint32_t crc32c_portable(ByteSpan bytes, std::uint32_t seed = 0);

}  // namespace lockstep
