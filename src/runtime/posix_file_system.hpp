#pragma once

#include <string>
#include <vector>

#include "lockstep/file_system.hpp"

namespace lockstep {

/// The operating system's files. Stateless.
class PosixFileSystem final : public IFileSystem {
 public:
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
};

}  // namespace lockstep
