#pragma once

#include "base/byte_codec.hpp"
#include "lockstep/configuration.hpp"

namespace lockstep {

/// Voters, outgoing voters, learners: each a count (u32) and as many (node, incarnation); then the
/// count of operations (u32) and their ids. The same in log entries, boundaries and snapshots.
void write_configuration(ByteWriter& writer, const Configuration& configuration);

/// Fails the reader on a set that names a node twice, a member without a name, or more operations
/// than are kept.
[[nodiscard]] Configuration read_configuration(ByteReader& reader);

}  // namespace lockstep
