#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/digest.hpp"

namespace lockstep::benchmark {

enum class HashBy {
  kOpenSsl,  ///< one after another, as `Sha256`
  kIpsecMb,  ///< many at a time, by Intel's ipsec-mb
};

[[nodiscard]] std::string to_string(HashBy by);
/// Was there when this was built.
[[nodiscard]] bool is_there(HashBy by);

/// Makes the digests of entries, many at a time where that is quicker. Not thread-safe.
class BatchHasher {
 public:
  /// Throws std::runtime_error: it is not there.
  explicit BatchHasher(HashBy by);
  ~BatchHasher();
  BatchHasher(const BatchHasher&) = delete;
  BatchHasher& operator=(const BatchHasher&) = delete;

  /// SHA-256 of each piece; `out` has room for as many.
  void hash(std::span<const ByteSpan> pieces, Digest* out);
  /// `entry_digest` of each (header and payload).
  void hash_entries(std::span<const ByteSpan> encoded, Digest* out);
  /// Appends the digests of the leaves, as `hash_leaves`.
  void add_leaves(ByteSpan payload, std::vector<std::uint8_t>& leaves);
  /// For what cannot be split.
  [[nodiscard]] Sha256& one() { return one_; }

 private:
  struct Lanes;
  Sha256 one_;
  std::unique_ptr<Lanes> lanes_;  ///< none: one after another
};

}  // namespace lockstep::benchmark
