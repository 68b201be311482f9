#include "frames.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "property.hpp"
#include "wire/allocation_watch.hpp"
#include "wire/frame_encoder.hpp"
#include "wire/raw_frame.hpp"

namespace lockstep::fuzz {
namespace {

using wire::Bytes;
using wire::FrameDecoder;
using wire::FrameEncoder;
using wire::Received;

/// JSON costs most: a value of two bytes of text takes dozens in memory.
constexpr std::size_t kMemoryPerByte = 64;
/// A decoder's own, and an error's text.
constexpr std::size_t kFixedMemory = 4096;

bool equal(ByteSpan a, ByteSpan b) { return std::ranges::equal(a, b); }

Bytes flat(Result<wire::OutgoingFrame> frame) {
  require(frame.has_value(), "what was decoded can be encoded");
  return wire::flatten(*frame);
}

/// Made once: it fetches its hash, and keeps nothing else.
FrameEncoder& encoder() {
  static FrameEncoder made;
  return made;
}

const SharedBuffer& honest_frame() {
  static const SharedBuffer kFrame = [] {
    ReplicationMessage message;
    message.source_node = NodeId("n");
    return SharedBuffer::adopt(wire::flatten(encoder().encode(message)->front()));
  }();
  return kFrame;
}

struct EncodeAgain {
  std::vector<Bytes> operator()(wire::PartTaken) const { return {}; }
  std::vector<Bytes> operator()(const ReplicationMessage& message) const {
    auto frames = encoder().encode(message);
    require(frames.has_value(), "what was decoded can be encoded");
    std::vector<Bytes> result;
    std::size_t bytes = 0;
    for (wire::OutgoingFrame& frame : *frames) {
      result.push_back(flat(std::move(frame)));
      bytes += result.back().size();
    }
    require(bytes == wire::encoded_size(message), "encoded_size measures what encode makes");
    return result;
  }
  std::vector<Bytes> operator()(const wire::Hello& hello) const {
    return {flat(encoder().encode(hello))};
  }
  std::vector<Bytes> operator()(const wire::Ready& ready) const {
    return {flat(encoder().encode(ready))};
  }
  std::vector<Bytes> operator()(const wire::Refusal& refusal) const {
    return {flat(encoder().encode(refusal))};
  }
  std::vector<Bytes> operator()(const wire::Goodbye& goodbye) const {
    return {flat(encoder().encode(goodbye))};
  }
};

/// Through a new connection; the last frame completes it.
ReplicationMessage carry(const std::vector<Bytes>& frames) {
  FrameDecoder decoder(kEntryLimit);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    Result<Received> received = decoder.decode(SharedBuffer::adopt(frames[i]));
    require(received.has_value(), "what was encoded is taken");
    if (i + 1 == frames.size()) {
      require(std::holds_alternative<ReplicationMessage>(*received), "the last frame completes it");
      return std::get<ReplicationMessage>(std::move(*received));
    }
  }
  return {};
}

/// JSON may be written in many ways; it is the value that comes back, in the shortest way.
void check_structured(const ReplicationMessage& message, const std::vector<Bytes>& again) {
  const ReplicationMessage carried = carry(again);
  require(std::holds_alternative<StructuredData>(carried.data), "JSON comes back as JSON");
  require(*std::get<StructuredData>(carried.data) == *std::get<StructuredData>(message.data),
          "JSON comes back equal");
  require(EncodeAgain{}(carried) == again, "JSON is written in one way");
}

void check_accepted(const Received& received, ByteSpan frame) {
  const std::vector<Bytes> again = std::visit(EncodeAgain{}, received);
  if (again.empty()) return;
  const auto* message = std::get_if<ReplicationMessage>(&received);
  if (message != nullptr && std::holds_alternative<StructuredData>(message->data)) {
    return check_structured(*message, again);
  }
  require(again.size() == 1 && equal(again[0], frame), "what was decoded is the bytes that came");
}

}  // namespace

void check_refused(FrameDecoder& decoder, const Error& error) {
  require_bad_input(error);
  require(decoder.held_bytes() == 0, "nothing is kept of what was refused");
  const auto later = decoder.decode(honest_frame());
  require(!later && later.error().code == error.code, "the first error stays");
}

std::optional<Received> check_frame(const SharedBuffer& frame) {
  FrameDecoder decoder(kEntryLimit);
  const wire::AllocationWatch watch;
  Result<Received> received = decoder.decode(frame);
  require(watch.peak() <= kFixedMemory + kMemoryPerByte * frame.size(),
          "memory is bounded by what came");
  if (!received) {
    check_refused(decoder, received.error());
    return std::nullopt;
  }
  check_accepted(*received, frame.bytes());
  return std::move(*received);
}

}  // namespace lockstep::fuzz
