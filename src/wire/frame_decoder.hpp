#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "base/digest.hpp"
#include "lockstep/buffer.hpp"
#include "lockstep/error.hpp"
#include "lockstep/message.hpp"
#include "wire/frame.hpp"
#include "wire/hello.hpp"

namespace lockstep::wire {

class Reassembly;
struct FrameLayout;

/// The frame was a good part; the message is not complete yet.
struct PartTaken {};

using Received = std::variant<PartTaken, ReplicationMessage, Hello, Ready, Refusal, Goodbye>;

/// Turns the frames of one connection back into messages. Nothing is handed out before the frame's
/// checksum and the digest of every entry in it are verified. Not thread-safe.
///
/// An entry in parts is put together in memory that grows with the bytes that came, to little more
/// than three times as many. Parts of one message are consecutive within their class: control
/// frames may come in between, any other frame of the class is refused.
class FrameDecoder {
 public:
  /// `max_entry_bytes`: the largest payload of an entry that is taken in.
  explicit FrameDecoder(std::size_t max_entry_bytes);
  ~FrameDecoder();
  FrameDecoder(const FrameDecoder&) = delete;
  FrameDecoder& operator=(const FrameDecoder&) = delete;

  /// `frame`: one whole WebSocket message. Payloads, bytes and fields of the result are slices of
  /// it, except those of an entry in parts. The caller checks that `source_node` is the peer.
  ///
  /// Errors, in about the order in which they are looked for (exactly: docs/wire-format.md):
  /// kTruncated, kBadMagic, kBadVersion, kTrailingBytes, kBadLength, kBadChecksum, kUnknownType,
  /// kBadField, kTooLarge (an entry over `max_entry_bytes`), kBadPart, kBadEntryDigest. After an
  /// error the connection is of no use: every later call gets the same error.
  [[nodiscard]] Result<Received> decode(const SharedBuffer& frame);

  /// Memory held for entries whose parts have not all come.
  [[nodiscard]] std::size_t held_bytes() const;

 private:
  [[nodiscard]] Result<Received> decode_frame(const SharedBuffer& frame);
  [[nodiscard]] Result<std::vector<Entry>> take_entries(const FrameLayout& layout,
                                                        const SharedBuffer& frame);
  [[nodiscard]] Result<Received> take_part(const FrameLayout& layout, ReplicationMessage message,
                                           std::unique_ptr<Reassembly>& reassembly);

  std::size_t max_entry_bytes_;
  Sha256 sha_;
  std::vector<std::uint8_t> entry_headers_;
  /// By message class.
  std::array<std::unique_ptr<Reassembly>, 3> reassemblies_;
  std::optional<Error> failed_;
};

}  // namespace lockstep::wire
