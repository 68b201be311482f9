#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lockstep/export.hpp"
#include "lockstep/file_system.hpp"

namespace lockstep::testing {

/// What a crash leaves of that which was written and not synced.
enum class Tearing {
  kNothing,  ///< none of it
  kAll,      ///< all of it
  kSectors,  ///< any of its sectors of 512 bytes, any of the changed names
  kBytes,    ///< any of its bytes, any of the changed names
  kPrefix,   ///< in each file the bytes written first; the names changed first
};
inline constexpr Tearing kAllTearings[] = {Tearing::kNothing, Tearing::kAll, Tearing::kSectors,
                                           Tearing::kBytes, Tearing::kPrefix};

/// A file system in memory that keeps what was written apart from what was synced, and on which
/// everything can go wrong: for tests of a log, or of whatever else must survive.
///
/// ```cpp
/// testing::SimulatedDisk disk;
/// disk.cut_power_at(17);             // the 17th call is the last that does anything
/// run_workload(disk);
/// disk.crash(testing::Tearing::kSectors, seed);
/// check_what_is_left(disk);
/// ```
///
/// - A crash keeps all that was synced, and of the rest what `Tearing` and the seed say. Names
///   follow the same rule as bytes: a file whose name was not made durable by `sync_folder` may be
///   gone with its synced contents, a rename or a removal may not have happened. Folders alone are
///   durable once made.
/// - A sync that fails does what Linux does: the pages read back well, count as clean, and are lost
///   with the next crash, but for some that got there; a later sync succeeds without writing them,
///   unless their page was written to again.
/// - An open file outlives its name, and holds its room. Files and locks that were open before a
///   crash or `drop_process` are dead: they answer kIo and change nothing.
///
/// Equal calls and seeds give equal disks. Thread-safe. Lifetime: open files may outlive it.
class LOCKSTEP_EXPORT SimulatedDisk final : public IFileSystem {
 public:
  SimulatedDisk();
  /// Releases whoever hangs.
  ~SimulatedDisk() override;
  SimulatedDisk(SimulatedDisk&&) noexcept;
  SimulatedDisk& operator=(SimulatedDisk&&) noexcept;

  // What was done. Every call of IFileSystem and IFile is counted, from 1.
  [[nodiscard]] std::uint64_t calls() const;
  /// Of files and folders, failed ones too.
  [[nodiscard]] std::uint64_t syncs() const;
  [[nodiscard]] std::uint64_t bytes_written() const;
  [[nodiscard]] std::uint64_t bytes_read() const;

  // Faults of calls; each takes the place of the one before. They end with `heal` and with a crash.

  /// How much of a write that fails is written all the same.
  enum class Written { kNothing, kHalf, kAllButOneByte };
  /// The call with this number fails, once, with kIo or kNoSpace; a sync with kSyncFailed.
  void fail_call(std::uint64_t number, Errc code = Errc::kIo, Written written = Written::kHalf);
  /// So do all from this number on: a disk that is dying.
  void fail_from_call(std::uint64_t number, Errc code = Errc::kIo,
                      Written written = Written::kHalf);
  /// From this number on all calls fail that would change something: a file system that was mounted
  /// read-only after an error.
  void fail_changes_from_call(std::uint64_t number, Errc code = Errc::kIo,
                              Written written = Written::kHalf);
  /// The power goes during the call with this number: whether it has happened is for `crash` to
  /// say, no later one does. All of them fail with kIo, so that the program comes to its end.
  void cut_power_at(std::uint64_t number);
  /// Calls from this number on wait until `heal`, and are done then. For callers that have a thread
  /// of their own.
  void hang_from_call(std::uint64_t number);
  /// Waits until somebody hangs. False: nobody does within `limit`.
  [[nodiscard]] bool wait_until_hanging(
      std::chrono::milliseconds limit = std::chrono::seconds(30)) const;
  void heal();

  // The end.

  /// Power off and on.
  void crash(Tearing tearing, std::uint64_t seed);
  /// The same, with a tearing that the seed picks.
  void crash(std::uint64_t seed);
  /// The process dies, the disk does not: nothing is lost.
  void drop_process();

  // Room.

  /// How many bytes all files together may have from now on, even if they have more already; none:
  /// as many as they like. Beyond it writes fail with kNoSpace after as much as fits.
  void set_capacity(std::optional<std::uint64_t> bytes);
  /// Of all files that have a name or are open.
  [[nodiscard]] std::uint64_t used_bytes() const;

  // A look at the disk, and rot. The file must be there. Not counted as calls.

  /// Of all files, sorted.
  [[nodiscard]] std::vector<std::string> paths() const;
  /// As they read now.
  [[nodiscard]] std::vector<std::uint8_t> contents(const std::string& path) const;
  /// As if it had been there, synced, for long; made when it is not there.
  void set_contents(const std::string& path, std::vector<std::uint8_t> bytes);
  /// Both in what reads now and in what a crash would leave.
  void flip_bit(const std::string& path, std::uint64_t byte, unsigned bit = 0);
  /// Reading any of these bytes fails with kIo until they are written again.
  void fail_reads(const std::string& path, std::uint64_t offset, std::uint64_t bytes);
  /// Ends what `fail_reads` began, in all files: what was written there reads again.
  void mend_reads();
  /// All of it at this moment, open files, locks, faults and capacity apart.
  [[nodiscard]] SimulatedDisk copy() const;

  Result<> create_folder(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Result<bool> exists(const std::string& path) override;
  Result<std::unique_ptr<IFile>> create(const std::string& path) override;
  Result<std::unique_ptr<IFile>> open(const std::string& path) override;
  Result<std::unique_ptr<IFile>> open_to_read(const std::string& path) override;
  Result<> rename(const std::string& from, const std::string& to) override;
  Result<> remove(const std::string& path) override;
  Result<> sync_folder(const std::string& folder) override;
  Result<std::uint64_t> free_bytes(const std::string& path) override;
  Result<std::unique_ptr<Lock>> lock(const std::string& path) override;

 private:
  class State;
  class File;
  class HeldLock;
  Result<std::unique_ptr<IFile>> open_file(const std::string& path, bool writable);
  std::shared_ptr<State> state_;
};

}  // namespace lockstep::testing
