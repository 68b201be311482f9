#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lockstep/split_mix.hpp"
#include "lockstep/testing/simulated_disk.hpp"
#include "runtime/cached_bytes.hpp"

namespace lockstep::testing {

/// What the disk and its open files share, under one lock.
class SimulatedDisk::State {
 public:
  struct Inode {
    CachedBytes bytes;
    std::size_t open_files = 0;
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;

  /// A change of names that is not durable yet.
  struct NameChange {
    std::string from;  // of a rename
    std::string path;
    std::shared_ptr<Inode> inode;  // none: removed
  };
  static void make_change(Names& names, const NameChange& change);

  /// What becomes of a call that was begun.
  struct Turn {
    enum class Fate {
      kDone,
      kFails,
      kPowerGoes,  ///< begun, and for the crash to say whether it happened
      kDead,       ///< behind the end of power or process: does nothing
    };
    Fate fate = Fate::kDone;
    Error error;
    Written written = Written::kNothing;

    [[nodiscard]] bool happens() const { return fate == Fate::kDone || fate == Fate::kPowerGoes; }
  };

  enum class Call { kLooks, kChanges };

  /// Counts a call; waits while the disk hangs. `its_life`: of the file that it is made on.
  Turn begin_call(std::unique_lock<std::mutex>& lock, Call call,
                  std::optional<std::uint64_t> its_life = {});

  void change_name(NameChange change);
  [[nodiscard]] std::uint64_t used_bytes();
  [[nodiscard]] std::uint64_t free_bytes();
  std::shared_ptr<Inode> make_inode(CachedBytes bytes = {});
  void crash(Tearing tearing, SplitMix64& numbers);
  void end_life();

  struct Fault {
    enum class Kind { kOnce, kLasting, kReadOnly, kPowerCut, kHang };
    Kind kind = Kind::kOnce;
    std::uint64_t call = 0;
    Errc code = Errc::kIo;
    Written written = Written::kNothing;
  };
  void set_fault(std::optional<Fault> next);

  [[nodiscard]] CachedBytes& bytes_of(const std::string& path) { return names.at(path)->bytes; }

  std::mutex mutex;
  std::condition_variable changed;
  Names names;
  Names durable_names;
  std::vector<NameChange> name_changes;
  std::set<std::string> folders{"/", "."};
  std::vector<std::weak_ptr<Inode>> inodes;
  std::set<std::string> locks;
  std::optional<Fault> fault;
  std::optional<std::uint64_t> capacity;
  std::size_t hanging = 0;
  std::uint64_t calls = 0;
  std::uint64_t syncs = 0;
  std::uint64_t bytes_written = 0;
  std::uint64_t bytes_read = 0;
  std::uint64_t life = 0;  // grows with each crash
};

}  // namespace lockstep::testing
