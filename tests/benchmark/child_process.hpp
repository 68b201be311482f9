#pragma once

#include <sys/types.h>

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace lockstep::benchmark {

/// This program once more, with other arguments; killed when the object goes.
class ChildProcess {
 public:
  explicit ChildProcess(const std::vector<std::string>& arguments);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  [[nodiscard]] std::string read_line();
  /// None: the process has ended.
  [[nodiscard]] std::optional<std::string> try_read_line();
  void write_line(const std::string& line);
  /// Returns when the process does not run any more.
  void freeze();
  void thaw();
  /// At once, as when the machine's power goes; what was written to files stays.
  void kill();

 private:
  pid_t pid_ = -1;
  std::FILE* from_ = nullptr;
  std::FILE* to_ = nullptr;
};

}  // namespace lockstep::benchmark
