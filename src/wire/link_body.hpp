#pragma once

#include <cstdint>
#include <vector>

#include "lockstep/buffer.hpp"
#include "lockstep/error.hpp"
#include "wire/hello.hpp"

/// What lies between header and checksum of link frames.
namespace lockstep::wire {

/// Errors: kInvalidArgument, kTooLarge.
[[nodiscard]] Result<std::vector<std::uint8_t>> encode_body(const Hello& hello);
[[nodiscard]] std::vector<std::uint8_t> encode_body(const Ready& ready);
[[nodiscard]] std::vector<std::uint8_t> encode_body(const Farewell& farewell);

// Errors: kBadLength when the body is shorter or longer than its fields, kBadField.
[[nodiscard]] Result<Hello> decode_hello(const SharedBuffer& body);
[[nodiscard]] Result<Ready> decode_ready(ByteSpan body);
[[nodiscard]] Result<Farewell> decode_farewell(ByteSpan body);

}  // namespace lockstep::wire
