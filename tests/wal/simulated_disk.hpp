#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lockstep/file_system.hpp"

namespace lockstep::testing {

/// A file system in memory that keeps what was written apart from what was synced. A crash keeps
/// all that was synced, and of the rest what the seed says: any subset of the writes, torn at
/// sectors or bytes, and any subset of the names made, changed and removed. After a failed sync the
/// data reads back well and is lost with the next crash, as on Linux. Not thread-safe.
class SimulatedDisk final : public IFileSystem {
 public:
  SimulatedDisk() = default;

  // Faults. Calls that touch the disk are counted from 1.
  /// The call with this number fails once; a write after half of its bytes.
  void fail_call(std::uint64_t number, Errc code) { fault_ = {number, code, false}; }
  /// So do all calls from this number on: the process is about to die.
  void fail_from_call(std::uint64_t number) { fault_ = {number, Errc::kIo, true}; }
  void heal() { fault_.reset(); }
  [[nodiscard]] std::uint64_t calls() const { return calls_; }
  [[nodiscard]] std::uint64_t syncs() const { return syncs_; }
  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }
  /// Power off and on. Files and locks of before are dead. Ends all faults.
  void crash(std::uint64_t seed);
  /// The process dies, the disk does not: only locks go.
  void drop_process();

  // A look at the disk, and rot.
  [[nodiscard]] std::vector<std::string> paths() const;
  [[nodiscard]] const std::vector<std::uint8_t>& contents(const std::string& path) const;
  /// As if it had been there, synced, for long.
  void set_contents(const std::string& path, std::vector<std::uint8_t> bytes);
  void flip_bit(const std::string& path, std::size_t byte, unsigned bit = 0);
  /// All of it at this moment, to come back to.
  [[nodiscard]] SimulatedDisk copy() const;

  Result<> create_folder(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Result<bool> exists(const std::string& path) override;
  Result<std::unique_ptr<IFile>> create(const std::string& path) override;
  Result<std::unique_ptr<IFile>> open(const std::string& path) override;
  Result<std::unique_ptr<IFile>> open_to_read(const std::string& path) override {
    return open(path);
  }
  Result<> rename(const std::string& from, const std::string& to) override;
  Result<> remove(const std::string& path) override;
  Result<> sync_folder(const std::string& folder) override;
  Result<std::uint64_t> free_bytes(const std::string&) override { return ~std::uint64_t{0}; }
  Result<std::unique_ptr<Lock>> lock(const std::string& path) override;

 private:
  friend class SimulatedFile;
  friend class SimulatedLock;

  struct Write {
    std::uint64_t offset = 0;
    std::vector<std::uint8_t> bytes;
  };
  struct Inode {
    std::vector<std::uint8_t> now;
    std::vector<std::uint8_t> synced;
    std::vector<Write> unsynced;
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;
  /// A change of names that is not durable yet.
  struct NameChange {
    std::string from;  // of a rename
    std::string path;
    std::shared_ptr<Inode> inode;  // none: removed
  };
  struct Fault {
    std::uint64_t call = 0;
    Errc code = Errc::kIo;
    bool lasting = false;
  };

  [[nodiscard]] std::optional<Error> next_call();
  [[nodiscard]] Error no_such_file(const std::string& path) const;
  static void apply(std::vector<std::uint8_t>& bytes, const Write& write);
  static void apply(Names& names, const NameChange& change);

  Names names_;
  Names durable_names_;
  std::vector<NameChange> name_changes_;
  std::set<std::string> locks_;
  std::optional<Fault> fault_;
  std::uint64_t calls_ = 0;
  std::uint64_t syncs_ = 0;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t life_ = 0;  // grows with each crash
};

/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers everywhere.
class SeededNumbers {
 public:
  explicit SeededNumbers(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t limit) { return next() % limit; }

 private:
  std::uint64_t state_;
};

}  // namespace lockstep::testing
