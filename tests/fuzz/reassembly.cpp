// Input: two bytes for the size of an entry, then five bytes for each frame of a connection: a part
// of that entry as message or as bulk, honest or with one thing changed, or something in between.
// What the decoder makes of the sequence is compared with a plain model.
#include <algorithm>
#include <array>
#include <optional>

#include "base/byte_codec.hpp"
#include "base/entry_codec.hpp"
#include "frames.hpp"
#include "property.hpp"
#include "wire/allocation_watch.hpp"
#include "wire/samples.hpp"

using namespace lockstep;  // NOLINT

namespace {

using wire::Bytes;
using wire::RawFrame;

constexpr std::uint16_t kAppendEntries = 7;
constexpr std::uint16_t kInstallSnapshot = 18;
constexpr std::size_t kHeader = EntryHeader::kEncodedBytes;

struct Step {
  std::uint8_t what;
  std::uint8_t first_leaf;
  std::uint8_t leaves;
  std::uint8_t change;
  std::uint8_t argument;
};

void change_type(RawFrame& part, std::uint8_t argument) {
  constexpr std::uint16_t kTypes[] = {1, 2, 7, 9, 18, 0x8000};
  part.type = kTypes[argument % std::size(kTypes)];
}

/// One thing that no sender would write; most numbers leave the part as it is.
void apply_change(RawFrame& part, std::uint8_t change, std::uint8_t argument) {
  Bytes& piece = part.entries[0];
  switch (change % 16) {
    case 3:
      return piece.resize(piece.size() + argument * 128U);
    case 4:
      part.message_id[argument % 16] ^= 1;
      return;
    case 5:
      part.timestamp_ms += argument;
      return;
    case 6:
      part.source = argument % 2 == 0 ? "n3" : "";
      return;
    case 7:
      part.target = argument % 2 == 0 ? "" : "n 2";
      return;
    case 8:
      part.digests[0][argument % Digest::kBytes] ^= 1;
      return;
    case 9:
      piece[argument % kHeader] ^= static_cast<std::uint8_t>(1 << (argument / kHeader));
      return;
    case 10:
      part.fields.push_back(argument);
      return;
    case 11:
      part.part_offset += argument < 200 ? argument : UINT64_MAX - argument;
      return;
    case 12:
      if (piece.size() > kHeader) piece[kHeader + argument % (piece.size() - kHeader)] ^= 1;
      return;
    case 13:
      return change_type(part, argument);
    case 14:
      piece.resize(std::max(kHeader, piece.size() - std::min<std::size_t>(argument, piece.size())));
      return;
    case 15:
      part.group += argument;
      return;
    default:
      return;
  }
}

RawFrame part_of(const Entry& entry, const Step& step) {
  const std::size_t whole = entry.encoded.size() - kHeader;
  const std::size_t offset = std::min(step.first_leaf % 8 * kLeafBytes, whole);
  const std::size_t length = std::min(step.leaves % 8 * kLeafBytes, whole - offset);
  RawFrame part = wire::raw_part(entry, offset, length);
  part.type = step.what % 8 < 3 ? kAppendEntries : kInstallSnapshot;
  apply_change(part, step.change, step.argument);
  return part;
}

/// What comes of the parts of one class, kept in the plainest way.
class Model {
 public:
  /// No code: taken. `complete` tells whether the entry is then complete.
  std::optional<Errc> take(const RawFrame& part, bool* complete) {
    *complete = false;
    if (const auto code = refusal(part)) return code;
    if (part.part_offset == 0) {
      first_ = part;
      encoded_ = header_of(part);
    }
    encoded_.insert(encoded_.end(), slice_of(part).begin(), slice_of(part).end());
    *complete = encoded_.size() == kHeader + payload_bytes(part);
    if (!*complete) return std::nullopt;
    Sha256 sha;
    const Digest digest = entry_digest(sha, encoded_);
    if (!std::ranges::equal(digest.bytes, part.digests[0])) return Errc::kBadEntryDigest;
    return std::nullopt;
  }
  [[nodiscard]] bool under_way() const { return !encoded_.empty(); }
  [[nodiscard]] std::size_t came() const {
    return under_way() ? encoded_.size() + first_.fields.size() : 0;
  }
  void require_is(const ReplicationMessage& message) {
    const auto& batch = std::get<EntryBatch>(message.data);
    fuzz::require(std::ranges::equal(batch.fields.bytes(), first_.fields),
                  "fields are the first's");
    fuzz::require(batch.entries.size() == 1, "a message in parts has one entry");
    fuzz::require(std::ranges::equal(batch.entries[0].encoded.bytes(), encoded_),
                  "the entry is its parts, one after another");
    fuzz::require(message.type == static_cast<MessageType>(first_.type), "the type is the first's");
    encoded_.clear();
  }

 private:
  static Bytes header_of(const RawFrame& part) {
    return {part.entries[0].begin(), part.entries[0].begin() + kHeader};
  }
  static ByteSpan slice_of(const RawFrame& part) {
    return ByteSpan(part.entries[0]).subspan(kHeader);
  }
  static std::uint64_t payload_bytes(const RawFrame& part) {
    return load_le<std::uint64_t>(part.entries[0].data() + 32);
  }
  [[nodiscard]] bool is_of_first(const RawFrame& part) const {
    return part.type == first_.type && part.source == first_.source &&
           part.target == first_.target && part.group == first_.group &&
           part.message_id == first_.message_id && part.timestamp_ms == first_.timestamp_ms &&
           part.digests == first_.digests && header_of(part) == header_of(first_);
  }
  [[nodiscard]] std::optional<Errc> refusal(const RawFrame& part) const {
    if (part.type == 9) return Errc::kUnknownType;
    if (part.source.empty() || part.target == "n 2") return Errc::kBadField;
    const auto header = decode_entry_header(part.entries[0]);
    if (!header || header->group.value() != part.group) return Errc::kBadField;
    if (header->payload_bytes > fuzz::kEntryLimit) return Errc::kTooLarge;
    if (!is_well_cut(part)) return Errc::kBadPart;
    if (part.part_offset == 0) return under_way() ? std::optional(Errc::kBadPart) : std::nullopt;
    const bool continues = under_way() && is_of_first(part) && part.fields.empty() &&
                           part.part_offset == encoded_.size() - kHeader;
    return continues ? std::nullopt : std::optional(Errc::kBadPart);
  }
  static bool is_well_cut(const RawFrame& part) {
    // All numbers fit: the payload is under the limit.
    const std::uint64_t whole = payload_bytes(part);
    const std::size_t size = slice_of(part).size();
    if (size == 0 || size == whole || part.part_offset > whole) return false;
    const bool is_last = part.part_offset + size == whole;
    return part.part_offset + size <= whole && (is_last || size % kLeafBytes == 0);
  }

  RawFrame first_;
  Bytes encoded_;
};

class Connection {
 public:
  /// False once a frame is refused: the connection is over.
  bool take_part(const RawFrame& part) {
    Model& model = models_[part.type == kInstallSnapshot ? 1 : 0];
    bool complete = false;
    const std::optional<Errc> code = model.take(part, &complete);
    const auto received = decode(part.bytes());
    if (code) return expect_refused(received, *code);
    fuzz::require(received.has_value(), "a good part is taken");
    if (complete) {
      fuzz::require(std::holds_alternative<ReplicationMessage>(*received), "the last part ends it");
      model.require_is(std::get<ReplicationMessage>(*received));
    } else {
      fuzz::require(std::holds_alternative<wire::PartTaken>(*received), "a part ends nothing");
    }
    check_memory();
    return true;
  }
  /// A frame that is good by itself, of a class (2: control).
  bool take_other(const Bytes& frame, std::size_t message_class) {
    const auto received = decode(frame);
    if (message_class < 2 && models_[message_class].under_way()) {
      return expect_refused(received, Errc::kBadPart);
    }
    fuzz::require(received.has_value(), "other classes pass between parts");
    check_memory();
    return true;
  }

 private:
  Result<wire::Received> decode(const Bytes& frame) {
    return decoder_.decode(SharedBuffer::adopt(frame));
  }
  bool expect_refused(const Result<wire::Received>& received, Errc code) {
    fuzz::require(!received.has_value(), "a bad part is refused");
    fuzz::require(received.error() == code, "with its own code");
    fuzz::check_refused(decoder_, received.error());
    return false;
  }
  void check_memory() const {
    const std::size_t came = models_[0].came() + models_[1].came();
    fuzz::require(decoder_.held_bytes() >= came, "what came is held");
    fuzz::require(decoder_.held_bytes() <= 3 * came, "at most three times what came is held");
  }

  wire::FrameDecoder decoder_{fuzz::kEntryLimit};
  std::array<Model, 2> models_;
};

Bytes bulk_without_entries() {
  RawFrame frame;
  frame.type = kInstallSnapshot;
  return frame.bytes();
}

Bytes goodbye() {
  wire::FrameEncoder encoder;
  return wire::flatten(encoder.encode(wire::Goodbye{}));
}

bool take(Connection& connection, const Entry& entry, const Step& step) {
  switch (step.what % 16) {
    case 6:
      return connection.take_other(wire::encode_one(wire::make_batch({wire::make_entry(9, "x")})),
                                   0);
    case 7:
      return connection.take_other(bulk_without_entries(), 1);
    case 14:
      return connection.take_other(wire::encode_one(wire::make_message()), 2);
    case 15:
      return connection.take_other(goodbye(), 2);
    default:
      return connection.take_part(part_of(entry, step));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader reader(ByteSpan(data, size));
  const std::size_t leaves = 1 + reader.u8() % 4;
  const Entry entry = wire::make_entry(5, wire::pattern(leaves * kLeafBytes + reader.u8()));
  Connection connection;
  for (int count = 0; count < 64 && reader.remaining() > 0; ++count) {
    Step step{};
    step.what = reader.u8();
    step.first_leaf = reader.u8();
    step.leaves = reader.u8();
    step.change = reader.u8();
    step.argument = reader.u8();
    if (!take(connection, entry, step)) break;
  }
  return 0;
}
