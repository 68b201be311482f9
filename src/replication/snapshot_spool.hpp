#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "lockstep/buffer.hpp"
#include "lockstep/error.hpp"
#include "lockstep/file_system.hpp"

namespace lockstep::replication {

/// Where a stream lies while it is being received; gone with the object. Used on one thread at a
/// time.
class SnapshotSpool {
 public:
  virtual ~SnapshotSpool() = default;
  /// Errors: kNoSpace, kIo.
  [[nodiscard]] virtual Result<> append(ByteSpan bytes) = 0;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  /// Up to `max_bytes` from `offset` on; fewer at the end only. Errors: kIo.
  [[nodiscard]] virtual Result<SharedBuffer> read(std::uint64_t offset, std::size_t max_bytes) = 0;
};

/// No stream is taken into memory that is larger than this.
inline constexpr std::uint64_t kMaxSpoolInMemory = std::uint64_t{64} << 20;
[[nodiscard]] std::unique_ptr<SnapshotSpool> make_memory_spool();
/// A file of this name, in the place of what may be there. Errors: kIo, kNoSpace.
[[nodiscard]] Result<std::unique_ptr<SnapshotSpool>> make_file_spool(IFileSystem& files,
                                                                     const std::string& folder,
                                                                     const std::string& name);

/// What an earlier life may have left there. Errors: kIo.
[[nodiscard]] Result<> remove_spool_file(IFileSystem& files, const std::string& folder,
                                         const std::string& name);

}  // namespace lockstep::replication
