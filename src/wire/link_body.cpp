#include "wire/link_body.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "base/byte_codec.hpp"

namespace lockstep::wire {
namespace {

bool is_control_character(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

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
  std::string text = farewell.text.substr(0, Farewell::kMaxTextBytes);
  std::replace_if(text.begin(), text.end(), is_control_character, ' ');
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
  const ByteSpan text = reader.sized();
  if (!reader.complete()) return bad_body("REFUSE or GOODBYE");
  if (code == 0) return Error(Errc::kBadField, "REFUSE or GOODBYE without a reason");
  if (text.size() > Farewell::kMaxTextBytes ||
      std::any_of(text.begin(), text.end(),
                  [](std::uint8_t c) { return is_control_character(static_cast<char>(c)); })) {
    return Error(Errc::kBadField, "REFUSE or GOODBYE: text too long or with control characters");
  }
  return Farewell{static_cast<Errc>(code), std::string(text.begin(), text.end())};
}

}  // namespace lockstep::wire
