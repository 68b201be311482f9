// In the place of digest_lanes_ipsec_mb.cpp in a build without that library.
#include "base/digest_lanes.hpp"

namespace lockstep {

bool has_hash(HashBy by) { return by == HashBy::kOpenSsl; }

bool hash_in_lanes(std::span<const HashInput>, Digest*) { return false; }

}  // namespace lockstep
