#include "lockstep/testing/sealed_entry.hpp"

#include <utility>

#include "base/digest.hpp"

namespace lockstep::testing {

Entry seal_entry(EntryHeader header, Payload payload) {
  header.payload_bytes = payload.size();
  Sha256 sha;
  return lockstep::seal_entry(sha, header, std::move(payload).release());
}

}  // namespace lockstep::testing
