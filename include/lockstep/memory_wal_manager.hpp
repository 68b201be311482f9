#pragma once

#include <memory>

#include "lockstep/export.hpp"
#include "lockstep/runtime.hpp"
#include "lockstep/wal_source.hpp"

namespace lockstep {

/// A log in memory, for tests. It keeps what `IWALSource` promises except across the end of the
/// process: its contents live in a `Disk` that a test may hand to the next instance, as a restarted
/// node finds its files. `repair` answers kNotSupported.
class LOCKSTEP_EXPORT MemoryWALManager : public IWALSource {
 public:
  class Disk;
  [[nodiscard]] static std::shared_ptr<Disk> make_disk();

  /// `disk` empty: a fresh one. One instance at a time may have a disk open (kLocked at `open`).
  [[nodiscard]] static std::unique_ptr<MemoryWALManager> create(NodeId node, GroupId group,
                                                                Runtime& runtime,
                                                                std::shared_ptr<IExecutor> executor,
                                                                std::shared_ptr<Disk> disk = {});
};

}  // namespace lockstep
