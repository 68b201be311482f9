#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "lockstep/asio_runtime.hpp"
#include "tools/lockstep_wal/commands.hpp"

int main(int argc, char** argv) try {
  using lockstep::tools::ExitStatus;
  const std::shared_ptr<lockstep::AsioRuntime> runtime = lockstep::AsioRuntime::create();
  if (!runtime) {
    std::cerr << "lockstep-wal: the system has no thread or descriptor left\n";
    return static_cast<int>(ExitStatus::kFailed);
  }
  const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  return static_cast<int>(lockstep::tools::run(words, {*runtime, std::cout, std::cerr}));
} catch (const std::exception& error) {
  // Nothing of the library throws, but memory may run out.
  std::cerr << "lockstep-wal: " << error.what() << '\n';
  return static_cast<int>(lockstep::tools::ExitStatus::kFailed);
}
