#pragma once

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/byte_codec.hpp"
#include "base/digest.hpp"
#include "base/entry_codec.hpp"
#include "benchmark/limits/bare_run.hpp"
#include "benchmark/limits/must.hpp"
#include "wire/frame_header.hpp"

namespace lockstep::benchmark {

/// Writes and checks the frames of docs/wire-format.md where they lie, each in one piece behind the
/// header of an unmasked WebSocket message; fields that the work does not depend on stay zero. An
/// entry too large for one frame travels as pieces that are hashed as entries: the same bytes.
class Frames {
 public:
  static constexpr std::size_t append_bytes(std::size_t count, std::size_t payload_bytes) {
    return kHead + kAppendFields + Digest::kBytes +
           count * (EntryHeader::kEncodedBytes + payload_bytes + Digest::kBytes);
  }
  /// As many as one frame of at most 65,000 bytes holds, and at least one.
  static std::size_t most_entries(const BareSettings& settings) {
    const std::size_t per_entry = append_bytes(1, settings.payload_bytes) - append_bytes(0, 0);
    const std::size_t room = wire::kGoodFrameBytes - append_bytes(0, 0);
    return std::clamp<std::size_t>(room / per_entry, 1, settings.batch);
  }

  /// With the payloads that lie there.
  void write_append(std::uint8_t* out, std::uint64_t first, std::size_t count,
                    std::size_t payload) {
    const std::size_t bytes = append_bytes(count, payload);
    write_head(out, MessageType::kAppendEntries, bytes, kAppendFields, count);
    std::uint8_t* entry = out + kHead + kAppendFields;
    for (std::size_t i = 0; i < count; ++i, entry += EntryHeader::kEncodedBytes + payload) {
      encode_entry_header({GroupId(1), EntryKind::kCommand, Term(1), Index(first + i), payload},
                          entry);
    }
    hash(out, bytes, kAppendFields, count);
    std::memcpy(entry, digests_.data(), digests_.size() * Digest::kBytes);
  }

  /// Cumulative: all up to this position of the stream is durable, by so many syncs.
  struct Ack {
    std::uint64_t position = 0, syncs = 0;
  };
  static constexpr std::size_t kAckBytes = 4 + wire::kMinFrameBytes + 4 + 82;
  void write_ack(std::uint8_t* out, const Ack& ack) {
    write_head(out, MessageType::kAck, kAckBytes, kAckFields, 0);
    store_le(out + kHead, ack.position);
    store_le(out + kHead + sizeof(ack.position), ack.syncs);
    hash(out, kAckBytes, kAckFields, 0);
    std::memcpy(out + kHead + kAckFields, digests_.data(), Digest::kBytes);
  }

  /// Of the first frame; 0: not all of it is there.
  static std::size_t first_frame_bytes(ByteSpan bytes) {
    if (bytes.size() < kHead) return 0;
    const std::size_t length = kWebSocketHeader + bytes[2] * std::size_t{256} + bytes[3];
    return length <= bytes.size() ? length : 0;
  }
  /// Throws std::runtime_error: a digest is wrong. So does the next.
  void check_append(ByteSpan frame) {
    check(frame, kAppendFields, load_le<std::uint32_t>(frame.data() + kWebSocketHeader + 52));
  }
  Ack check_ack(ByteSpan frame) {
    check(frame, kAckFields, 0);
    const std::uint8_t* fields = frame.data() + kHead;
    return {load_le<std::uint64_t>(fields), load_le<std::uint64_t>(fields + 8)};
  }

 private:
  static constexpr std::size_t kWebSocketHeader = 4, kNames = 4, kAppendFields = 65,
                               kAckFields = 82;
  static constexpr std::size_t kHead = kWebSocketHeader + wire::kFrameHeaderBytes + kNames;

  static void write_head(std::uint8_t* out, MessageType type, std::size_t bytes, std::size_t fields,
                         std::size_t count) {
    wire::FrameHeader header;
    header.type = static_cast<std::uint16_t>(type);
    header.kind = wire::FrameKind::kEntries;
    header.source_bytes = header.target_bytes = kNames / 2;
    header.frame_bytes = static_cast<std::uint32_t>(bytes - kWebSocketHeader);
    header.fields_bytes = static_cast<std::uint32_t>(fields);
    header.entry_count = static_cast<std::uint32_t>(count);
    wire::encode_frame_header(header, out + kWebSocketHeader);
    // RFC 6455 5.2: one binary message, its length in two bytes.
    store_le(out, static_cast<std::uint32_t>(0x7e82 | (header.frame_bytes >> 8 & 0xff) << 16 |
                                             (header.frame_bytes & 0xff) << 24));
  }

  void check(ByteSpan frame, std::size_t fields, std::size_t count) {
    hash(frame.data(), frame.size(), fields, count);
    const std::size_t bytes = digests_.size() * Digest::kBytes;
    const std::uint8_t* said = frame.data() + frame.size() - bytes;
    must(std::memcmp(digests_.data(), said, bytes) == 0, "a wrong digest");
  }

  /// Makes the digests of the entries, and the checksum behind them.
  void hash(const std::uint8_t* frame, std::size_t bytes, std::size_t fields, std::size_t count) {
    const std::uint8_t* const entries = frame + kHead + fields;
    digests_.resize(count + 1);
    const std::size_t digests = digests_.size() * Digest::kBytes;
    const std::size_t encoded =
        (bytes - kHead - fields - digests) / std::max<std::size_t>(count, 1);
    entries_.clear();
    headers_.clear();
    for (const std::uint8_t* entry = entries; entries_.size() < count; entry += encoded) {
      entries_.push_back({{entry, encoded}});
      headers_.insert(headers_.end(), entry, entry + EntryHeader::kEncodedBytes);
    }
    std::ranges::copy(entry_digests(sha_, entries_), digests_.begin());
    const ByteSpan made(digests_.front().bytes.data(), count * Digest::kBytes);
    digests_[count] = sha_.hash({{frame + kWebSocketHeader, entries}, headers_, made});
  }

  Sha256 sha_;
  std::vector<DigestedBytes> entries_;
  std::vector<std::uint8_t> headers_;
  std::vector<Digest> digests_;
};

}  // namespace lockstep::benchmark
