#pragma once

#include <string>
#include <vector>

#include "lockstep/file_system.hpp"

namespace lockstep {

/// For a runtime without files: every call fails with kNotSupported and the reason given.
class UnsupportedFileSystem final : public IFileSystem {
 public:
  explicit UnsupportedFileSystem(std::string reason) : error_(Errc::kNotSupported, reason) {}

  Result<> create_folder(const std::string&) override { return error_; }
  Result<std::vector<std::string>> list(const std::string&) override { return error_; }
  Result<bool> exists(const std::string&) override {
    return {boost::system::in_place_error, error_};
  }
  Result<std::unique_ptr<IFile>> create(const std::string&) override { return error_; }
  Result<std::unique_ptr<IFile>> open(const std::string&) override { return error_; }
  Result<std::unique_ptr<IFile>> open_to_read(const std::string&) override { return error_; }
  Result<> rename(const std::string&, const std::string&) override { return error_; }
  Result<> remove(const std::string&) override { return error_; }
  Result<> sync_folder(const std::string&) override { return error_; }
  Result<std::uint64_t> free_bytes(const std::string&) override { return error_; }
  Result<std::unique_ptr<Lock>> lock(const std::string&) override { return error_; }

 private:
  Error error_;
};

}  // namespace lockstep
