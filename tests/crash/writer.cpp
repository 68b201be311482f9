// lockstep_crash_writer FOLDER SEED: does the workload to the log in FOLDER until it is killed, and
// reports on standard output, 8 bytes each time, how many operations are durable. Ends by itself
// only when something went wrong.
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>

#include "crash/workload.hpp"
#include "lockstep/asio_runtime.hpp"

namespace lockstep::testing {
namespace {

constexpr std::uint64_t kInFlight = 8;

[[noreturn]] void give_up(const char* what, const Error& error) {
  std::fprintf(stderr, "%s: %s\n", what, error.message.c_str());
  std::_Exit(3);
}

/// Lives on the log's executor.
class Writer {
 public:
  Writer(FileWALManager& wal, std::uint64_t seed) : wal_(wal), seed_(seed) {}

  void start() {
    wal_.open([this](const Result<WALState>& state) {
      if (!state) give_up("open", state.error());
      workload_.emplace(seed_, ExpectedLog::of(*state));
      report();
      pump();
    });
  }

 private:
  void pump() {
    for (; submitted_ < durable_ + kInFlight; ++submitted_) {
      Operation operation = workload_->next();
      const auto done = [this](const Error& error) {
        if (error) give_up("write", error);
        ++durable_;
        report();
        pump();
      };
      if (operation.release) {
        wal_.release_prefix(*operation.release, done);
      } else {
        wal_.write(std::move(operation.write), done);
      }
    }
  }
  void report() const {
    if (::write(STDOUT_FILENO, &durable_, sizeof(durable_)) != sizeof(durable_)) std::_Exit(4);
  }

  FileWALManager& wal_;
  const std::uint64_t seed_;
  std::optional<Workload> workload_;
  std::uint64_t submitted_ = 0;
  std::uint64_t durable_ = 0;
};

void write_until_killed(const std::string& folder, std::uint64_t seed) {
  const std::shared_ptr<AsioRuntime> runtime = AsioRuntime::create();
  const std::shared_ptr<IExecutor> disk = runtime->make_worker("wal");
  const std::shared_ptr<IExecutor> reading = runtime->make_worker("wal-read");
  auto wal = FileWALManager::create(workload_options(folder), *runtime, disk, reading);
  if (!wal) give_up("create", wal.error());
  Writer writer(**wal, seed);
  disk->post([&writer] { writer.start(); });
  for (;;) ::pause();
}

}  // namespace
}  // namespace lockstep::testing

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  lockstep::testing::write_until_killed(argv[1], std::strtoull(argv[2], nullptr, 10));
}
