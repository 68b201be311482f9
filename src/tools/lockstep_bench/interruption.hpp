#pragma once

#include <string>

namespace lockstep::bench {

/// From now on SIGINT and SIGTERM end the program with 128 and the signal's number, and no folder
/// in use stays behind. Its children end with it. Call before any thread is made.
void end_on_signals();

/// A folder of a new name, which goes with this object, or with the program.
class TemporaryFolder {
 public:
  /// Throws std::runtime_error.
  explicit TemporaryFolder(const std::string& parent);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace lockstep::bench
