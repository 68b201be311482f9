#pragma once

#include <filesystem>
#include <optional>

#include "demo_options.hpp"

namespace lockstep_demo {

/// The node that joins and leaves the group while the demo runs.
inline constexpr const char* kGuestName = "guest";

/// What is wrong with `--data-dir`, found before anything is written: no folder, or one that holds
/// a group of another size. Makes the folder if it is not there.
[[nodiscard]] std::optional<UsageError> check_data_folder(const DemoOptions& options);

/// Where the nodes keep their files: the folder given, or a temporary one. At the end what the demo
/// has made is removed, unless it is to be kept or was there before.
class DataFolder {
 public:
  /// Throws std::runtime_error when no temporary folder can be made.
  explicit DataFolder(const DemoOptions& options);
  ~DataFolder();
  DataFolder(const DataFolder&) = delete;
  DataFolder& operator=(const DataFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] bool is_kept() const { return keep_; }

 private:
  std::filesystem::path path_;
  bool is_temporary_;
  bool keep_;
};

}  // namespace lockstep_demo
