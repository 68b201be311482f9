#include "wire/link_body.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "base/byte_codec.hpp"
#include "wire/plain_text.hpp"

namespace lockstep::wire {
namespace {

Error bad_body(const char* frame) {
  return Error(Errc::kBadLength, std::string(frame) + " is shorter or longer than its fields");
}

bool is_valid_range(std::uint16_t min, std::uint16_t max) { return min >= 1 && min <= max; }

}  // namespace

Result<std::vector<std::uint8_t>> encode_body(const Hello& hello) {
  if (!hello.node.is_valid()) return Error(Errc::kInvalidArgument, "HELLO: invalid node id");
  if (!is_valid_range(hello.protocol_min, hello.protocol_max)) {
    return Error(Errc::kInvalidArgument, "HELLO: empty range of protocol versions");
  }
  if (hello.authentication_bytes.size() > Hello::kMaxAuthenticationBytes) {
    return Error(Errc::kTooLarge, "HELLO: more than 4096 bytes of authentication");
  }
  ByteWriter writer;
  writer.u16(hello.protocol_min);
  writer.u16(hello.protocol_max);
  writer.u64(hello.features);
  writer.id(hello.cluster);
  writer.node(hello.node);
  writer.number(hello.boot);
  writer.number(hello.dial);
  writer.u16(hello.lane);
  writer.u8(static_cast<std::uint8_t>(hello.authentication));
  writer.sized(hello.authentication_bytes.bytes());
  return writer.take();
}

std::vector<std::uint8_t> encode_body(const Ready& ready) {
  ByteWriter writer;
  writer.u16(ready.protocol);
  writer.u64(ready.features);
  return writer.take();
}

std::vector<std::uint8_t> encode_body(const Farewell& farewell) {
  const std::string text = plain_text(farewell.text, Farewell::kMaxTextBytes);
  ByteWriter writer;
  writer.u16(static_cast<std::uint16_t>(farewell.code));
  writer.sized(as_bytes(text));
  return writer.take();
}

Result<Hello> decode_hello(const SharedBuffer& body) {
  ByteReader reader(body.bytes());
  Hello hello;
  hello.protocol_min = reader.u16();
  hello.protocol_max = reader.u16();
  hello.features = reader.u64();
  hello.cluster = reader.id<ClusterId>();
  hello.node = NodeId(reader.short_text());
  hello.boot = reader.number<BootNumber>();
  hello.dial = reader.number<DialNumber>();
  hello.lane = reader.u16();
  hello.authentication = static_cast<AuthenticationMethod>(reader.u8());
  const ByteSpan authentication = reader.sized();
  if (!reader.complete()) return bad_body("HELLO");
  if (!hello.node.is_valid()) return Error(Errc::kBadField, "HELLO: invalid node id");
  if (!is_valid_range(hello.protocol_min, hello.protocol_max)) {
    return Error(Errc::kBadField, "HELLO: empty range of protocol versions");
  }
  if (authentication.size() > Hello::kMaxAuthenticationBytes) {
    return Error(Errc::kBadField, "HELLO: more than 4096 bytes of authentication");
  }
  hello.authentication_bytes =
      body.slice(body.size() - authentication.size(), authentication.size());
  return hello;
}

Result<Ready> decode_ready(ByteSpan body) {
  ByteReader reader(body);
  Ready ready;
  ready.protocol = reader.u16();
  ready.features = reader.u64();
  if (!reader.complete()) return bad_body("READY");
  if (ready.protocol == 0) return Error(Errc::kBadField, "READY: protocol version 0");
  return ready;
}

Result<Farewell> decode_farewell(ByteSpan body) {
  ByteReader reader(body);
  const std::uint16_t code = reader.u16();
  const ByteSpan bytes = reader.sized();
  if (!reader.complete()) return bad_body("REFUSE or GOODBYE");
  if (code == 0) return Error(Errc::kBadField, "REFUSE or GOODBYE without a reason");
  std::string text(bytes.begin(), bytes.end());
  if (plain_text(text, Farewell::kMaxTextBytes) != text) {
    return Error(Errc::kBadField, "REFUSE or GOODBYE: the text is over " +
                                      std::to_string(Farewell::kMaxTextBytes) +
                                      " bytes, not UTF-8, or has control characters");
  }
  return Farewell{static_cast<Errc>(code), std::move(text)};
}

}  // namespace lockstep::wire
