#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lockstep/file_system.hpp"

namespace lockstep {

/// The files of one log: names, lock, birth and removal of segments.
class WALFolder {
 public:
  /// `file_system` must outlive the folder.
  WALFolder(IFileSystem& file_system, std::string path)
      : file_system_(file_system), path_(std::move(path)) {}

  /// Makes the folder if need be and takes its lock. Errors: kLocked, kNoSpace, kIo.
  [[nodiscard]] Result<> lock();
  void unlock() { lock_.reset(); }

  /// Numbers, ascending.
  struct Segments {
    std::vector<std::uint64_t> named;
    /// They never got their name.
    std::vector<std::uint64_t> unnamed;
  };
  [[nodiscard]] Result<Segments> find_segments() const;
  [[nodiscard]] Result<> remove_unnamed_segments(const Segments& segments);
  /// To read.
  [[nodiscard]] Result<std::unique_ptr<IFile>> open_segment(std::uint64_t number) const;
  [[nodiscard]] Result<bool> has_segment(std::uint64_t number) const;
  /// Under a temporary name.
  [[nodiscard]] Result<std::unique_ptr<IFile>> create_segment(std::uint64_t number);
  /// Gives it its name, durably.
  [[nodiscard]] Result<> name_segment(std::uint64_t number);
  void discard_unnamed_segment(std::uint64_t number);
  [[nodiscard]] Result<> remove_segment(std::uint64_t number);

  [[nodiscard]] std::string segment_path(std::uint64_t number) const;

 private:
  [[nodiscard]] std::string temporary_path(std::uint64_t number) const;

  IFileSystem& file_system_;
  std::string path_;
  std::unique_ptr<IFileSystem::Lock> lock_;
};

}  // namespace lockstep
