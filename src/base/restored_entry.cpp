#include <utility>

#include "base/digest.hpp"
#include "base/entry_codec.hpp"
#include "lockstep/entry.hpp"

namespace lockstep {

Result<Entry> restore_entry(const Digest& digest, SharedBuffer encoded) {
  if (encoded.size() >= EntryHeader::kEncodedBytes) {
    if (const auto header = decode_entry_header(encoded.bytes())) {
      Entry entry{*header, digest, std::move(encoded)};
      Sha256 sha;
      if (verify_entry(sha, entry)) return entry;
    }
  }
  return Error(Errc::kBadEntryDigest,
               "the bytes are not those that the entry's digest was made of");
}

}  // namespace lockstep
