// Input: one byte (bit 0: entry digests are put right, bit 1: lengths are), then a frame whose
// checksum is put right. A message that is let in goes on to the codec of consensus.
#include <algorithm>

#include "consensus/configuration_codec.hpp"
#include "frames.hpp"
#include "property.hpp"
#include "repair.hpp"
#include "replication/message_codec.hpp"

using namespace lockstep;  // NOLINT

namespace {

bool equal(ByteSpan a, ByteSpan b) { return std::ranges::equal(a, b); }

void check_consensus(const ReplicationMessage& message) {
  const auto decoded = replication::decode(message);
  if (!decoded) return;
  fuzz::require(replication::type_of(decoded->body) == message.type, "the type is the body's");
  fuzz::require(equal(replication::encode_fields(*decoded).bytes(),
                      std::get<EntryBatch>(message.data).fields.bytes()),
                "fields of consensus are written again as they came");
}

void check_configurations(const EntryBatch& batch) {
  for (const Entry& entry : batch.entries) {
    const SharedBuffer payload = entry.payload();
    const auto record = consensus::decode_record(payload.bytes());
    if (!record) continue;
    fuzz::require(equal(consensus::encode(*record), payload.bytes()),
                  "a configuration is written again as it came");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const fuzz::Repairs repairs{(data[0] & 1) != 0, (data[0] & 2) != 0};
  const auto frame = fuzz::repaired(ByteSpan(data + 1, size - 1), repairs);
  const auto received = fuzz::check_frame(SharedBuffer::adopt(frame));
  if (!received) return 0;
  if (const auto* message = std::get_if<ReplicationMessage>(&*received)) {
    check_consensus(*message);
    if (const auto* batch = std::get_if<EntryBatch>(&message->data)) check_configurations(*batch);
  }
  return 0;
}
