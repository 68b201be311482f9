#include "replication/session_entry.hpp"

#include <algorithm>

#include "base/byte_codec.hpp"

namespace lockstep::replication {
namespace {

constexpr std::uint8_t kFormat = 1;

std::int64_t read_ms(ByteReader& reader) { return static_cast<std::int64_t>(reader.u64()); }

}  // namespace

Payload encode(const OpenSession& open) {
  ByteWriter writer;
  writer.u8(kFormat);
  writer.u64(static_cast<std::uint64_t>(open.time_ms));
  writer.u64(static_cast<std::uint64_t>(open.timeout_ms));
  return Payload(ByteSpan(writer.bytes()));
}

Payload encode(std::int64_t time_ms, const SessionWrite& write, ByteSpan command) {
  ByteWriter prefix;
  prefix.u8(kFormat);
  prefix.u64(static_cast<std::uint64_t>(time_ms));
  prefix.number(write.session);
  prefix.u64(write.sequence);
  prefix.u64(write.lowest_outstanding);
  Payload payload(prefix.size() + command.size());
  const auto rest = std::ranges::copy(prefix.bytes(), payload.bytes().begin()).out;
  std::ranges::copy(command, rest);
  return payload;
}

std::optional<OpenSession> decode_open_session(const SharedBuffer& payload) {
  ByteReader reader(payload.bytes());
  if (reader.u8() != kFormat) return std::nullopt;
  OpenSession open;
  open.time_ms = read_ms(reader);
  open.timeout_ms = read_ms(reader);
  return reader.complete() ? std::optional(open) : std::nullopt;
}

std::optional<SessionCommand> decode_session_command(const SharedBuffer& payload) {
  ByteReader reader(payload.bytes());
  if (reader.u8() != kFormat) return std::nullopt;
  SessionCommand entry;
  entry.time_ms = read_ms(reader);
  entry.write.session = reader.number<SessionId>();
  entry.write.sequence = reader.u64();
  entry.write.lowest_outstanding = reader.u64();
  if (reader.failed()) return std::nullopt;
  entry.command = payload.slice(reader.offset(), reader.remaining());
  return entry;
}

}  // namespace lockstep::replication
