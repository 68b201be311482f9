#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "lockstep/entry.hpp"
#include "lockstep/replication_manager.hpp"

/// The payloads of session entries (docs/wire-format.md).
namespace lockstep::replication {

/// Opens a session, which is then named by the index of this entry.
struct OpenSession {
  /// The leader's clock, milliseconds since the Unix epoch.
  std::int64_t time_ms = 0;
  /// It ends when no command of it came for so long.
  std::int64_t timeout_ms = 0;
};

/// A command of a session's; the host's bytes follow.
struct SessionCommand {
  std::int64_t time_ms = 0;
  SessionWrite write;
  SharedBuffer command;
};

/// What stands before the host's bytes.
inline constexpr std::size_t kSessionPrefixBytes = 1 + 4 * 8;

[[nodiscard]] Payload encode(const OpenSession& open);
[[nodiscard]] Payload encode(std::int64_t time_ms, const SessionWrite& write, ByteSpan command);
/// None: the bytes are not such an entry.
[[nodiscard]] std::optional<OpenSession> decode_open_session(const SharedBuffer& payload);
/// `command` is a slice of the payload.
[[nodiscard]] std::optional<SessionCommand> decode_session_command(const SharedBuffer& payload);

}  // namespace lockstep::replication
