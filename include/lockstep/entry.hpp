#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "lockstep/buffer.hpp"
#include "lockstep/error.hpp"
#include "lockstep/export.hpp"
#include "lockstep/types.hpp"

namespace lockstep {

/// What an entry means. A replica that meets an unknown kind stops with an error; it never skips
/// it.
enum class EntryKind : std::uint32_t {
  kNoop = 1,           ///< a new leader's first entry (Raft §8)
  kConfiguration = 2,  ///< the members of the group
  kCommand = 3,        ///< the host's
  kOpenSession = 4,
  kSessionCommand = 5,  ///< the host's, applied at most once
};

[[nodiscard]] LOCKSTEP_EXPORT bool is_known(EntryKind kind);

struct EntryHeader {
  /// Encoded size; the encoding is the prefix that the digest covers (docs/wire-format.md).
  static constexpr std::size_t kEncodedBytes = 40;

  GroupId group;
  EntryKind kind = EntryKind::kCommand;
  Term term;
  Index index;
  std::uint64_t payload_bytes = 0;

  [[nodiscard]] EntryId id() const { return {index, term}; }
  friend bool operator==(const EntryHeader&, const EntryHeader&) = default;
};

/// One entry of the log, with header and payload side by side in shared, immutable memory, and the
/// SHA-256 digest that is made once, by the leader that appended it, and checked at every boundary.
struct Entry {
  EntryHeader header;
  Digest digest;
  /// Encoded header, then the payload: `EntryHeader::kEncodedBytes + header.payload_bytes` bytes.
  SharedBuffer encoded;

  [[nodiscard]] SharedBuffer payload() const {
    return encoded.slice(EntryHeader::kEncodedBytes, encoded.size() - EntryHeader::kEncodedBytes);
  }
  [[nodiscard]] EntryId id() const { return header.id(); }
  [[nodiscard]] std::size_t size_bytes() const { return encoded.size(); }
};

/// The entry that was stored as `digest` and `encoded`, checked by its digest; for logs that keep
/// these two. Errors: kBadEntryDigest: it is not what was stored. Thread-safe.
[[nodiscard]] LOCKSTEP_EXPORT Result<Entry> restore_entry(const Digest& digest,
                                                          SharedBuffer encoded);

/// The bytes of a future entry, with headroom for its header, written once by the host and then
/// handed to `replicate`: no copy is made of them afterwards. Move-only; not thread-safe.
class LOCKSTEP_EXPORT Payload {
 public:
  Payload() = default;
  /// `size` uninitialised bytes to write into.
  explicit Payload(std::size_t size);
  /// A copy of the given bytes.
  explicit Payload(ByteSpan bytes);
  explicit Payload(std::string_view text) : Payload(as_bytes(text)) {}

  Payload(Payload&&) noexcept = default;
  Payload& operator=(Payload&&) noexcept = default;
  Payload(const Payload&) = delete;
  Payload& operator=(const Payload&) = delete;

  [[nodiscard]] std::span<std::uint8_t> bytes() {
    return {memory_.get() + (memory_ ? EntryHeader::kEncodedBytes : 0), size_};
  }
  [[nodiscard]] ByteSpan bytes() const {
    return {memory_.get() + (memory_ ? EntryHeader::kEncodedBytes : 0), size_};
  }
  [[nodiscard]] std::size_t size() const { return size_; }

  /// Gives up the memory: headroom of `EntryHeader::kEncodedBytes`, then the payload. For the
  /// library and its tests.
  [[nodiscard]] std::shared_ptr<std::uint8_t[]> release() &&;

 private:
  std::shared_ptr<std::uint8_t[]> memory_;
  std::size_t size_ = 0;
};

}  // namespace lockstep
