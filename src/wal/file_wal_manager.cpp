#include "lockstep/file_wal_manager.hpp"

#include <utility>

#include "wal/file_wal.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kSmallestSegmentBytes = 64 << 10;

class FileWALManagerImpl final : public FileWALManager {
 public:
  explicit FileWALManagerImpl(std::shared_ptr<FileWAL> wal) : wal_(std::move(wal)) {}
  ~FileWALManagerImpl() override { wal_->abandon(); }

  void on_event(EventHandler handler) override { wal_->on_event(std::move(handler)); }
  void open(OpenHandler done) override { wal_->open(std::move(done)); }
  void write(WALWrite write, DoneHandler done) override {
    wal_->write(std::move(write), std::move(done));
  }
  void release_prefix(Boundary boundary, DoneHandler done) override {
    wal_->release_prefix(std::move(boundary), std::move(done));
  }
  void repair(IndexRange range, std::vector<Entry> entries, DoneHandler done) override {
    wal_->repair(range, std::move(entries), std::move(done));
  }
  void read(IndexRange range, std::size_t byte_budget, ReadHandler done) override {
    wal_->read(range, byte_budget, std::move(done));
  }
  void close(DoneHandler done) override { wal_->close(std::move(done)); }

 private:
  std::shared_ptr<FileWAL> wal_;
};

}  // namespace

std::vector<OptionProblem> check(const FileWALOptions& options) {
  std::vector<OptionProblem> problems;
  if (options.folder.empty()) problems.push_back({"folder", "is empty; name a folder"});
  if (!options.node.is_valid()) {
    problems.push_back({"node", "must be 1 to 64 characters of A-Z a-z 0-9 . _ : -"});
  }
  if (options.segment_bytes < kSmallestSegmentBytes) {
    problems.push_back(
        {"segment_bytes", "must be at least " + std::to_string(kSmallestSegmentBytes)});
  }
  if (options.zero_fill_bytes > options.segment_bytes) {
    problems.push_back({"zero_fill_bytes", "must not exceed segment_bytes"});
  }
  if (options.mark_end_after.count() < 0) {
    problems.push_back({"mark_end_after", "must not be negative"});
  }
  return problems;
}

Result<std::unique_ptr<FileWALManager>> FileWALManager::create(
    FileWALOptions options, Runtime& runtime, std::shared_ptr<IExecutor> executor,
    std::shared_ptr<IExecutor> reading_executor) {
  if (const Result<> checked = to_result(check(options)); !checked) return checked.error();
  if (!executor) {
    return Error(Errc::kInvalidArgument,
                 "executor: there is none; make_worker gives none when no thread is left");
  }
  if (!options.log) options.log = default_log_sink();
  if (!reading_executor) reading_executor = executor;
  auto wal = std::make_shared<FileWAL>(std::move(options), runtime, std::move(executor),
                                       std::move(reading_executor));
  return std::unique_ptr<FileWALManager>(std::make_unique<FileWALManagerImpl>(std::move(wal)));
}

}  // namespace lockstep
