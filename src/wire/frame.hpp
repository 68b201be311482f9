#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/entry_codec.hpp"
#include "lockstep/message.hpp"

/// The binary frames of sub-protocol `lockstep.v1`, without I/O. docs/wire-format.md is the truth.
namespace lockstep::wire {

/// Offered in the WebSocket upgrade; it picks this codec.
inline constexpr std::string_view kSubProtocol = "lockstep.v1";

/// The versions that this code speaks; HELLO carries them.
inline constexpr std::uint16_t kProtocolMin = 1;
inline constexpr std::uint16_t kProtocolMax = 1;

inline constexpr std::uint32_t kFrameMagic = 0x3146534c;  // "LSF1"
/// Of the header's layout. Every HELLO has this one, or two versions could not agree on a protocol.
inline constexpr std::uint16_t kFrameVersion = 1;

inline constexpr std::size_t kFrameHeaderBytes = 64;
inline constexpr std::size_t kMinFrameBytes = kFrameHeaderBytes + Digest::kBytes;
/// No frame is longer, whoever sends it. Also the limit to set on received WebSocket messages.
inline constexpr std::size_t kMaxFrameBytes = 256 * 1024;
/// What a sender keeps below if it can: more costs a second system call (Asio sends at most 64 KiB
/// at a time).
inline constexpr std::size_t kGoodFrameBytes = 65'000;
/// The only entry of a message travels in parts of this size (the last is shorter) when its payload
/// is larger; several entries must fit one frame. A part with up to 3,264 bytes of message fields
/// and names stays below `kGoodFrameBytes`.
inline constexpr std::size_t kPartPayloadBytes = 15 * kLeafBytes;
/// How deep structured data may nest.
inline constexpr std::size_t kMaxJsonDepth = 64;

/// How the bytes after the header are laid out. Its number travels: append-only.
enum class FrameKind : std::uint8_t {
  kLink = 0,        ///< between the two ends of a connection; the type is a LinkType
  kNoData = 1,      ///< the others carry a ReplicationMessage; the type is a MessageType
  kStructured = 2,  ///< JSON text
  kBytes = 3,
  kEntries = 4,  ///< message fields, then entries
  kPart = 5,     ///< a slice of the only entry of its message
};

/// What a link frame is for. Its number travels: append-only. Order: the dialler sends HELLO; the
/// acceptor answers HELLO or REFUSE; the dialler answers READY or REFUSE. The handshake has ended
/// for the dialler when READY is sent, for the acceptor when it is received.
enum class LinkType : std::uint16_t { kHello = 1, kReady = 2, kRefuse = 3, kGoodbye = 4 };

/// Other types are refused at both ends: a new one needs a protocol version or feature bit that
/// both agreed on.
[[nodiscard]] constexpr bool is_known(MessageType type) {
  const auto number = static_cast<std::uint16_t>(type);
  return (number >= static_cast<std::uint16_t>(MessageType::kWalEntry) &&
          number <= static_cast<std::uint16_t>(MessageType::kAck)) ||
         (number >= static_cast<std::uint16_t>(MessageType::kMemberState) &&
          number <= static_cast<std::uint16_t>(MessageType::kCheckpoint)) ||
         is_host_type(type);
}

/// The class in which a frame leaves. Parts of one message are consecutive within it.
[[nodiscard]] constexpr MessageClass class_of(MessageType type, bool has_entries) {
  if (type == MessageType::kInstallSnapshot) return MessageClass::kBulk;
  const bool heavy = has_entries || type == MessageType::kWalEntry || is_host_type(type);
  return heavy ? MessageClass::kEntries : MessageClass::kControl;
}

/// `class_of` the frames that this message becomes.
[[nodiscard]] inline MessageClass class_of(const ReplicationMessage& message) {
  const auto* batch = std::get_if<EntryBatch>(&message.data);
  return class_of(message.type, batch != nullptr && !batch->entries.empty());
}

}  // namespace lockstep::wire
