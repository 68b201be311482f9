#pragma once

#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "lockstep/entry.hpp"

namespace lockstep::test {

inline Entry make_entry(std::uint64_t index, std::uint64_t term, std::string_view text,
                        EntryKind kind = EntryKind::kCommand) {
  Sha256 sha;
  EntryHeader header;
  header.kind = kind;
  header.index = Index(index);
  header.term = Term(term);
  header.payload_bytes = text.size();
  return seal_entry(sha, header, Payload(text).release());
}

inline std::string text_of(const SharedBuffer& buffer) { return std::string(buffer.view()); }

}  // namespace lockstep::test
