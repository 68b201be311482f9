#include "benchmark/micro/log_on_disk.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <utility>

#include "benchmark/micro/entries.hpp"
#include "lockstep/testing/simulated_disk.hpp"
#include "runtime/posix_file_system.hpp"

namespace lockstep::micro {
namespace {

std::string folder_in(Place place) {
  if (place != Place::kFiles) return "/log";
  static int made = 0;
  return (std::filesystem::temp_directory_path() /
          ("lockstep-micro-" + std::to_string(getpid()) + "-" + std::to_string(++made)))
      .string();
}

std::shared_ptr<IFileSystem> file_system_of(Place place) {
  if (place == Place::kFiles) return std::make_shared<PosixFileSystem>();
  return std::make_shared<testing::SimulatedDisk>();
}

void must(const Error& error, const char* what) {
  if (!error) return;
  std::fprintf(stderr, "micro: %s: %s\n", what, error.message.c_str());
  std::exit(1);
}

}  // namespace

std::string to_string(Place place) {
  if (place == Place::kMemory) return "MemoryWAL";
  return place == Place::kFiles ? "FileWAL, files" : "FileWAL, simulated disk";
}

LogOnDisk::LogOnDisk(Place place)
    : place_(place), folder_(folder_in(place)), simulated_(1, file_system_of(place)) {
  open();
}

LogOnDisk::~LogOnDisk() {
  close();
  if (place_ == Place::kFiles) std::filesystem::remove_all(folder_);
}

void LogOnDisk::await(const char* what,
                      const std::function<void(std::function<void(Error)>)>& call) {
  std::optional<Error> outcome;
  call([&outcome](Error error) { outcome = std::move(error); });
  simulated_.run_until_idle();
  must(outcome ? *outcome : Error(Errc::kTimedOut), what);
}

void LogOnDisk::open() {
  const NodeId node("micro");
  if (place_ == Place::kMemory) {
    wal_ = MemoryWALManager::create(node, kGroup, *runtime_, executor_, memory_);
  } else {
    FileWALOptions options;
    options.folder = folder_;
    options.node = node;
    options.group = kGroup;
    options.sync = place_ != Place::kFiles;
    auto wal = FileWALManager::create(options, *runtime_, executor_);
    if (!wal) must(wal.error(), "create");
    wal_ = std::move(*wal);
  }
  await("open", [this](const std::function<void(Error)>& done) {
    wal_->open([done](const Result<WALState>& state) { done(state ? Error() : state.error()); });
  });
}

void LogOnDisk::close() {
  await("close", [this](auto done) { wal_->close(done); });
  wal_.reset();
}

void LogOnDisk::write(std::vector<Entry> entries) {
  WALWrite write;
  write.entries = std::move(entries);
  await("write", [&](auto done) { wal_->write(std::move(write), done); });
}

}  // namespace lockstep::micro
