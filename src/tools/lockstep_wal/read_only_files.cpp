#include "tools/lockstep_wal/read_only_files.hpp"

namespace lockstep::tools {
namespace {

Error refused(const char* what, const std::string& path) {
  return {Errc::kNotSupported, std::string("will not ") + what + " " + path + ": reading only"};
}

}  // namespace

Result<> ReadOnlyFiles::create_folder(const std::string& path) { return refused("create", path); }

Result<std::vector<std::string>> ReadOnlyFiles::list(const std::string& folder) {
  return files_.list(folder);
}

Result<bool> ReadOnlyFiles::exists(const std::string& path) { return files_.exists(path); }

Result<std::unique_ptr<IFile>> ReadOnlyFiles::create(const std::string& path) {
  return refused("create", path);
}

Result<std::unique_ptr<IFile>> ReadOnlyFiles::open(const std::string& path) {
  return files_.open_to_read(path);
}

Result<std::unique_ptr<IFile>> ReadOnlyFiles::open_to_read(const std::string& path) {
  return files_.open_to_read(path);
}

Result<> ReadOnlyFiles::rename(const std::string& from, const std::string&) {
  return refused("rename", from);
}

Result<> ReadOnlyFiles::remove(const std::string&) { return {}; }

Result<> ReadOnlyFiles::sync_folder(const std::string& folder) { return refused("sync", folder); }

Result<std::uint64_t> ReadOnlyFiles::free_bytes(const std::string& path) {
  return files_.free_bytes(path);
}

Result<std::unique_ptr<IFileSystem::Lock>> ReadOnlyFiles::lock(const std::string& path) {
  return refused("lock", path);
}

}  // namespace lockstep::tools
