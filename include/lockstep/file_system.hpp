#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lockstep/buffer.hpp"
#include "lockstep/error.hpp"
#include "lockstep/export.hpp"

namespace lockstep {

/// An open file. Not thread-safe. Closing is by destruction and never syncs.
class LOCKSTEP_EXPORT IFile {
 public:
  virtual ~IFile();
  /// Writes all pieces one after another from `offset` on, in one system call where possible; goes
  /// on after short writes. Errors: kNoSpace, kIo.
  [[nodiscard]] virtual Result<> write(std::uint64_t offset, std::span<const ByteSpan> pieces) = 0;
  /// Reads until `into` is full or the file ends; returns the number of bytes. Errors: kIo.
  [[nodiscard]] virtual Result<std::size_t> read(std::uint64_t offset,
                                                 std::span<std::uint8_t> into) = 0;
  /// Makes data and size durable (fdatasync). A failure is final for this file: kSyncFailed.
  [[nodiscard]] virtual Result<> sync() = 0;
  [[nodiscard]] virtual Result<std::uint64_t> size() = 0;
};

/// What the WAL needs of a file system, so that a simulated disk can stand in. Paths are absolute
/// or relative to the process. Not a place for policy: each call is one or few system calls. Called
/// on WAL executors and on those that logs are read on, so it must be thread-safe.
class LOCKSTEP_EXPORT IFileSystem {
 public:
  /// A held lock; released by destruction.
  class LOCKSTEP_EXPORT Lock {
   public:
    virtual ~Lock();
  };

  virtual ~IFileSystem();
  /// Creates the folder and its parents; no error when it stands already. The new names are durable
  /// on return.
  [[nodiscard]] virtual Result<> create_folder(const std::string& path) = 0;
  /// Names of the files in a folder, sorted by byte value.
  [[nodiscard]] virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;
  [[nodiscard]] virtual Result<bool> exists(const std::string& path) = 0;
  /// Creates an empty file; an existing one is an error.
  [[nodiscard]] virtual Result<std::unique_ptr<IFile>> create(const std::string& path) = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<IFile>> open(const std::string& path) = 0;
  /// Writing to it fails. Changes nothing, so that the files of others can be looked at.
  [[nodiscard]] virtual Result<std::unique_ptr<IFile>> open_to_read(const std::string& path) = 0;
  /// Replaces `to` atomically. Durable only after `sync_folder`.
  [[nodiscard]] virtual Result<> rename(const std::string& from, const std::string& to) = 0;
  [[nodiscard]] virtual Result<> remove(const std::string& path) = 0;
  /// Makes creations, renames and removals in the folder durable.
  [[nodiscard]] virtual Result<> sync_folder(const std::string& folder) = 0;
  /// Bytes that may still be written to the file system that `path` is on. Errors: kIo.
  [[nodiscard]] virtual Result<std::uint64_t> free_bytes(const std::string& path) = 0;
  /// Takes an exclusive lock that ends with the process. Errors: kLocked when somebody holds it.
  [[nodiscard]] virtual Result<std::unique_ptr<Lock>> lock(const std::string& path) = 0;
};

}  // namespace lockstep
