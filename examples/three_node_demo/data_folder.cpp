#include "data_folder.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace lockstep_demo {
namespace {

namespace fs = std::filesystem;

fs::path node_folder(const fs::path& folder, std::size_t number) {
  return folder / ("node-" + std::to_string(number));
}

std::size_t nodes_in(const fs::path& folder) {
  std::size_t nodes = 0;
  std::error_code ignored;
  for (std::size_t i = 1; i <= kMaxNodes; ++i) {
    if (fs::exists(node_folder(folder, i), ignored)) ++nodes;
  }
  return nodes;
}

fs::path make_temporary_folder() {
  std::string name = (fs::temp_directory_path() / "lockstep-demo-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::runtime_error("cannot make a temporary folder like " + name);
  }
  return name;
}

}  // namespace

std::optional<UsageError> check_data_folder(const DemoOptions& options) {
  if (!options.data_dir) return std::nullopt;
  const std::string name = options.data_dir->string();
  std::error_code error;
  fs::create_directories(*options.data_dir, error);
  if (error || !fs::is_directory(*options.data_dir, error)) {
    return UsageError{"--data-dir: " + name + " is no folder and cannot be made one" +
                      (error ? ": " + error.message() : "")};
  }
  const std::size_t there = nodes_in(*options.data_dir);
  if (there != 0 && there != options.nodes) {
    return UsageError{"--data-dir: " + name + " holds a group of " + std::to_string(there) +
                      " nodes; run with --nodes " + std::to_string(there) +
                      " or name another folder"};
  }
  return std::nullopt;
}

DataFolder::DataFolder(const DemoOptions& options)
    : path_(options.data_dir ? *options.data_dir : make_temporary_folder()),
      is_temporary_(!options.data_dir),
      keep_(options.keep || nodes_in(path_) != 0) {}

DataFolder::~DataFolder() {
  if (keep_) return;
  std::error_code ignored;
  if (is_temporary_) {
    fs::remove_all(path_, ignored);
    return;
  }
  for (std::size_t i = 1; i <= kMaxNodes; ++i) fs::remove_all(node_folder(path_, i), ignored);
  fs::remove_all(path_ / kGuestName, ignored);
}

}  // namespace lockstep_demo
