#pragma once

#include <openssl/sha.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::wire {

using Bytes = std::vector<std::uint8_t>;

inline void append(Bytes& out, const Bytes& more) {
  out.insert(out.end(), more.begin(), more.end());
}
inline void append(Bytes& out, std::string_view text) {
  out.insert(out.end(), text.begin(), text.end());
}
inline void append_le(Bytes& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

inline Bytes sha256(const Bytes& bytes) {
  Bytes digest(SHA256_DIGEST_LENGTH);
  SHA256(bytes.data(), bytes.size(), digest.data());
  return digest;
}

/// docs/wire-format.md written again in the plainest way, and willing to write what the encoder
/// would not: each field may say something else than the truth, under a checksum that is right.
struct RawFrame {
  std::string magic = "LSF1";
  std::uint16_t version = 1;
  std::uint16_t type = 2;
  std::uint8_t kind = 1;
  std::uint8_t flags = 0;
  std::string source = "n1";
  std::string target = "n2";
  std::uint64_t group = 7;
  Bytes message_id = Bytes(16, 0x5a);
  std::int64_t timestamp_ms = 1'700'000'000'123;
  Bytes fields;
  std::uint64_t part_offset = 0;
  /// Header (40 bytes) and payload, or slice, of each.
  std::vector<Bytes> entries;
  std::vector<Bytes> digests;
  // Lies.
  std::optional<std::uint8_t> source_bytes;
  std::optional<std::uint8_t> target_bytes;
  std::optional<std::uint32_t> frame_bytes;
  std::optional<std::uint32_t> fields_bytes;
  std::optional<std::uint32_t> entry_count;

  [[nodiscard]] Bytes bytes() const {
    Bytes body;
    Bytes entry_headers;
    Bytes digest_bytes;
    append(body, source);
    append(body, target);
    append(body, fields);
    const std::size_t before_entries = body.size();
    for (const Bytes& entry : entries) {
      append(body, entry);
      const std::size_t header_bytes = std::min<std::size_t>(40, entry.size());
      append(entry_headers,
             std::string_view(reinterpret_cast<const char*>(entry.data()), header_bytes));
    }
    for (const Bytes& digest : digests) append(digest_bytes, digest);

    Bytes frame;
    append(frame, magic);
    append_le(frame, version, 2);
    append_le(frame, type, 2);
    append_le(frame, kind, 1);
    append_le(frame, flags, 1);
    append_le(frame, source_bytes.value_or(static_cast<std::uint8_t>(source.size())), 1);
    append_le(frame, target_bytes.value_or(static_cast<std::uint8_t>(target.size())), 1);
    const std::size_t whole = 64 + body.size() + digest_bytes.size() + 32;
    append_le(frame, frame_bytes.value_or(static_cast<std::uint32_t>(whole)), 4);
    append_le(frame, group, 8);
    append(frame, message_id);
    append_le(frame, static_cast<std::uint64_t>(timestamp_ms), 8);
    append_le(frame, fields_bytes.value_or(static_cast<std::uint32_t>(fields.size())), 4);
    append_le(frame, entry_count.value_or(static_cast<std::uint32_t>(entries.size())), 4);
    append_le(frame, part_offset, 8);

    Bytes covered = frame;
    covered.insert(covered.end(), body.begin(),
                   body.begin() + static_cast<std::ptrdiff_t>(before_entries));
    append(covered, entry_headers);
    append(covered, digest_bytes);

    append(frame, body);
    append(frame, digest_bytes);
    append(frame, sha256(covered));
    return frame;
  }
};

}  // namespace lockstep::wire
