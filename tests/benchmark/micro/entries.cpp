#include "benchmark/micro/entries.hpp"

#include <utility>

#include "lockstep/testing/sealed_entry.hpp"

namespace lockstep::micro {

std::vector<Entry> make_entries(Index first, std::size_t count) {
  std::vector<Entry> entries;
  entries.reserve(count);
  for (Index index = first; entries.size() < count; index = index.next()) {
    EntryHeader header;
    header.group = kGroup;
    header.term = Term(1);
    header.index = index;
    Payload payload(kPayloadBytes);
    for (std::uint8_t& byte : payload.bytes()) byte = static_cast<std::uint8_t>(index.value());
    entries.push_back(testing::seal_entry(header, std::move(payload)));
  }
  return entries;
}

}  // namespace lockstep::micro
