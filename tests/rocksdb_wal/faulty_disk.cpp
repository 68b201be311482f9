#include "rocksdb_wal/faulty_disk.hpp"

#include <rocksdb/file_system.h>

#include <string>
#include <utility>

namespace rocksdb_wal::testing {
namespace {

using rocksdb::FileOptions;
using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using Switches = std::shared_ptr<FaultyDisk::Switches>;

class FaultyFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultyFile(std::unique_ptr<FSWritableFile> file, Switches switches, const std::string& name)
      : FSWritableFileOwnerWrapper(std::move(file)),
        switches_(std::move(switches)),
        is_log_(name.ends_with(".log")),
        is_table_(name.ends_with(".sst")) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* context) override {
    if (!take_room(data.size())) return IOStatus::NoSpace("no space left on this disk");
    return FSWritableFileOwnerWrapper::Append(data, options, context);
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& info, IODebugContext* context) override {
    if (!take_room(data.size())) return IOStatus::NoSpace("no space left on this disk");
    return FSWritableFileOwnerWrapper::Append(data, options, info, context);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* context) override {
    if (const IOStatus failed = count_sync(); !failed.ok()) return failed;
    return FSWritableFileOwnerWrapper::Sync(options, context);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
    if (const IOStatus failed = count_sync(); !failed.ok()) return failed;
    return FSWritableFileOwnerWrapper::Fsync(options, context);
  }

 private:
  bool take_room(std::size_t bytes) {
    const auto wanted = static_cast<std::int64_t>(bytes);
    if (switches_->room.fetch_sub(wanted) >= wanted) return true;
    switches_->room += wanted;
    return false;
  }
  IOStatus count_sync() {
    if (is_log_) ++switches_->log_syncs;
    const bool fails = switches_->syncs_fail || (is_table_ && switches_->table_syncs_fail);
    return fails ? IOStatus::IOError("the disk does not answer") : IOStatus::OK();
  }

  const Switches switches_;
  const bool is_log_;
  const bool is_table_;
};

class FaultyFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit FaultyFileSystem(Switches switches)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), switches_(std::move(switches)) {}

  const char* Name() const override { return "FaultyFileSystem"; }

  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<FSWritableFile>* file,
                           IODebugContext* context) override {
    std::unique_ptr<FSWritableFile> real;
    const IOStatus status = FileSystemWrapper::NewWritableFile(name, options, &real, context);
    if (status.ok()) {
      *file = std::make_unique<FaultyFile>(std::move(real), switches_, name);
    }
    return status;
  }
  IOStatus DeleteFile(const std::string& name, const IOOptions& options,
                      IODebugContext* context) override {
    std::uint64_t bytes = 0;
    const bool sized = FileSystemWrapper::GetFileSize(name, options, &bytes, context).ok();
    const IOStatus status = FileSystemWrapper::DeleteFile(name, options, context);
    if (status.ok() && sized) switches_->room += static_cast<std::int64_t>(bytes);
    return status;
  }

 private:
  const Switches switches_;
};

}  // namespace

FaultyDisk::FaultyDisk()
    : env_(rocksdb::NewCompositeEnv(std::make_shared<FaultyFileSystem>(switches_))) {}

}  // namespace rocksdb_wal::testing
