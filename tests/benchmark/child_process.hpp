#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace lockstep::benchmark {

/// This program once more, with other arguments; killed when the object goes. What fails throws
/// std::runtime_error.
class ChildProcess {
 public:
  explicit ChildProcess(const std::vector<std::string>& arguments);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  [[nodiscard]] std::string read_line();
  /// Whether it has written something, or ended, within that time. Between lines only.
  [[nodiscard]] bool await_output(std::chrono::milliseconds patience);
  /// With its end of line. None: the process has ended.
  [[nodiscard]] std::optional<std::string> try_read_line();
  void write_line(const std::string& line);
  /// Returns when the process does not run any more.
  void freeze();
  void thaw();
  /// At once, as when the machine's power goes; what was written to files stays.
  void kill();
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  std::FILE* from_ = nullptr;
  std::FILE* to_ = nullptr;
};

}  // namespace lockstep::benchmark
