#include "tools/lockstep_bench/interruption.hpp"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

namespace lockstep::bench {
namespace {

struct FoldersInUse {
  std::mutex mutex;
  std::set<std::string> paths;
};

/// Never destroyed: the thread that waits for signals may need it to the end.
FoldersInUse& in_use() {
  static auto* const folders = new FoldersInUse;
  return *folders;
}

/// Nodes may still be writing there.
void remove(const std::string& folder) {
  constexpr int kAttempts = 100;
  std::error_code error;
  for (int i = 0; i < kAttempts && std::filesystem::exists(folder, error); ++i) {
    std::filesystem::remove_all(folder, error);
  }
}

}  // namespace

void end_on_signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([signals] {
    int signal = 0;
    while (::sigwait(&signals, &signal) != 0) {
    }
    const std::lock_guard lock(in_use().mutex);
    for (const std::string& folder : in_use().paths) remove(folder);
    ::_exit(128 + signal);
  }).detach();
}

TemporaryFolder::TemporaryFolder(const std::string& parent)
    : path_(parent + "/lockstep-bench-XXXXXX") {
  const std::lock_guard lock(in_use().mutex);
  if (::mkdtemp(path_.data()) == nullptr) {
    throw std::runtime_error("cannot make " + path_ + ": " + std::strerror(errno));
  }
  in_use().paths.insert(path_);
}

TemporaryFolder::~TemporaryFolder() {
  remove(path_);
  const std::lock_guard lock(in_use().mutex);
  in_use().paths.erase(path_);
}

}  // namespace lockstep::bench
