#pragma once

#include <string>
#include <vector>

#include "lockstep/file_system.hpp"

namespace lockstep::tools {

/// The files of a log that may be in use by another process, to look at. Whatever would change them
/// answers kNotSupported; only `remove` is passed over, since recovery tidies up.
class ReadOnlyFiles final : public IFileSystem {
 public:
  /// `files` must outlive this.
  explicit ReadOnlyFiles(IFileSystem& files) : files_(files) {}

  [[nodiscard]] Result<> create_folder(const std::string& path) override;
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& folder) override;
  [[nodiscard]] Result<bool> exists(const std::string& path) override;
  [[nodiscard]] Result<std::unique_ptr<IFile>> create(const std::string& path) override;
  [[nodiscard]] Result<std::unique_ptr<IFile>> open(const std::string& path) override;
  [[nodiscard]] Result<std::unique_ptr<IFile>> open_to_read(const std::string& path) override;
  [[nodiscard]] Result<> rename(const std::string& from, const std::string& to) override;
  [[nodiscard]] Result<> remove(const std::string& path) override;
  [[nodiscard]] Result<> sync_folder(const std::string& folder) override;
  [[nodiscard]] Result<std::uint64_t> free_bytes(const std::string& path) override;
  [[nodiscard]] Result<std::unique_ptr<Lock>> lock(const std::string& path) override;

 private:
  IFileSystem& files_;
};

}  // namespace lockstep::tools
