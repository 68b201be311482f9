#include "rocksdb_store.hpp"

#include <rocksdb/convenience.h>
#include <rocksdb/listener.h>

#include <array>
#include <utility>

namespace rocksdb_wal {
namespace {

/// RocksDB writes out what it holds in memory before it goes on after an error, so the ballast must
/// be larger than that.
constexpr std::size_t kInMemoryBytes = std::size_t{8} << 20;
constexpr std::size_t kBallastBytes = 2 * kInMemoryBytes;

constexpr const char* kStateKey = "state";
constexpr const char* kBoundaryKey = "boundary";

using Key = std::array<char, 8>;

Key key_of(Index index) {
  Key key;
  for (std::size_t i = 0; i < key.size(); ++i) {
    key[i] = static_cast<char>(index.value() >> (8 * (key.size() - 1 - i)));
  }
  return key;
}

rocksdb::Slice slice(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

rocksdb::Slice slice(const Key& key) { return {key.data(), key.size()}; }

Error to_error(const rocksdb::Status& status) {
  if (status.ok()) return {};
  Errc code = Errc::kIo;  // RocksDB does not tell a failed sync from a failed write
  if (status.IsNoSpace()) code = Errc::kNoSpace;
  if (status.IsCorruption()) code = Errc::kCorruption;
  return {code, "RocksDB: " + status.ToString()};
}

class FailureListener final : public rocksdb::EventListener {
 public:
  explicit FailureListener(std::function<void(Error)> on_failure)
      : on_failure_(std::move(on_failure)) {}
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
    const bool stops_writing = status->severity() >= rocksdb::Status::Severity::kHardError;
    if (stops_writing && !status->IsNoSpace()) on_failure_(to_error(*status));
  }
  /// RocksDB would look for room every few seconds, in its own time; `commit` asks at each write.
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }

 private:
  const std::function<void(Error)> on_failure_;
};

}  // namespace

Result<std::unique_ptr<RocksDBStore>> RocksDBStore::open(const std::string& folder,
                                                         rocksdb::Env& env,
                                                         std::function<void(Error)> on_failure) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.env = &env;
  options.db_write_buffer_size = kInMemoryBytes;
  options.max_open_files = 512;
  // RocksDB's default cuts its log at the first record it cannot read, in silence: acknowledged
  // entries would be gone. This refuses to open, unless the log merely ends in half a record.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  // A write that failed is not tried again behind our back.
  options.max_bgerror_resume_count = 0;
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.keep_log_file_num = 2;
  options.listeners.push_back(std::make_shared<FailureListener>(std::move(on_failure)));

  const std::vector<rocksdb::ColumnFamilyDescriptor> families{
      {rocksdb::kDefaultColumnFamilyName, {}}, {"entries", {}}};
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(options, folder, families, &handles, &db);
  if (!status.ok()) return to_error(status);
  std::unique_ptr<RocksDBStore> store(new RocksDBStore(folder, env));
  store->db_.reset(db);
  store->default_ = handles[0];
  store->entries_ = handles[1];
  store->has_ballast_ = env.FileExists(store->ballast_path()).ok();
  return store;
}

RocksDBStore::~RocksDBStore() {
  if (!db_) return;
  db_->DestroyColumnFamilyHandle(default_);
  db_->DestroyColumnFamilyHandle(entries_);
}

Result<std::optional<WALStateTracker>> RocksDBStore::load() {
  std::string state;
  std::string boundary;
  const rocksdb::Status found = db_->Get({}, default_, kStateKey, &state);
  if (found.IsNotFound()) {
    for (rocksdb::ColumnFamilyHandle* family : {default_, entries_}) {
      const std::unique_ptr<rocksdb::Iterator> any(db_->NewIterator({}, family));
      any->SeekToFirst();
      if (!any->status().ok()) return to_error(any->status());
      if (any->Valid()) {
        return Error(Errc::kForeignData,
                     db_->GetName() + " holds a database, but not that of a log");
      }
    }
    return std::optional<WALStateTracker>();
  }
  if (!found.ok()) return to_error(found);
  const rocksdb::Status with_boundary = db_->Get({}, default_, kBoundaryKey, &boundary);
  if (!with_boundary.ok() && !with_boundary.IsNotFound()) return to_error(with_boundary);
  Result<WALStateTracker> tracker = WALStateTracker::decode(as_bytes(state), as_bytes(boundary));
  if (!tracker) return tracker.error();
  return std::optional(std::move(*tracker));
}

Error RocksDBStore::commit(Batch& batch) {
  if (std::exchange(out_of_space_, false)) {
    // RocksDB waits to be told to go on.
    const rocksdb::Status resumed = db_->Resume();
    if (!resumed.ok()) {
      out_of_space_ = true;
      return {Errc::kNoSpace, "RocksDB cannot go on yet: " + resumed.ToString()};
    }
  }
  rocksdb::WriteOptions options;
  options.sync = true;
  const Error error = to_error(db_->Write(options, &batch.changes_));
  out_of_space_ = error == Errc::kNoSpace;
  return error;
}

Result<Entry> RocksDBStore::read(Index index) {
  std::string value;
  const Key key = key_of(index);
  const rocksdb::Status status = db_->Get({}, entries_, slice(key), &value);
  if (!status.ok() && !status.IsNotFound()) return to_error(status);
  if (status.ok() && value.size() > Digest::kBytes) {
    Digest digest;
    const ByteSpan stored = as_bytes(value);
    std::copy_n(stored.begin(), Digest::kBytes, digest.bytes.begin());
    Result<Entry> entry =
        restore_entry(digest, SharedBuffer::copy_of(stored.subspan(Digest::kBytes)));
    if (entry && entry->header.index == index) return entry;
  }
  return Error(Errc::kCorruption, "entry " + to_string(index) + " is damaged in RocksDB");
}

bool RocksDBStore::keep_ballast() {
  if (has_ballast_) return true;
  std::unique_ptr<rocksdb::WritableFile> file;
  rocksdb::Status status = env_.NewWritableFile(ballast_path(), &file, rocksdb::EnvOptions());
  const std::string zeros(std::size_t{64} << 10, '\0');
  for (std::size_t size = 0; status.ok() && size < kBallastBytes; size += zeros.size()) {
    status = file->Append(zeros);
  }
  if (status.ok()) status = file->Close();
  has_ballast_ = status.ok();
  if (!has_ballast_) give_up_ballast();
  return has_ballast_;
}

void RocksDBStore::give_up_ballast() {
  static_cast<void>(env_.DeleteFile(ballast_path()));
  has_ballast_ = false;
}

void RocksDBStore::remove_files_before(Index first) {
  const Key begin = key_of(Index(0));
  const Key end = key_of(first);
  const rocksdb::Slice from = slice(begin);
  const rocksdb::Slice to = slice(end);
  // What it leaves behind goes with the next compaction.
  static_cast<void>(rocksdb::DeleteFilesInRange(db_.get(), entries_, &from, &to, false));
}

void RocksDBStore::Batch::put(const Entry& entry) {
  const Key key = key_of(entry.header.index);
  const rocksdb::Slice key_part = slice(key);
  const std::array<rocksdb::Slice, 2> value{slice(entry.digest.bytes),
                                            slice(entry.encoded.bytes())};
  changes_.Put(store_.entries_, rocksdb::SliceParts(&key_part, 1),
               rocksdb::SliceParts(value.data(), value.size()));
}

void RocksDBStore::Batch::remove(IndexRange range) {
  if (range.empty()) return;
  changes_.DeleteRange(store_.entries_, slice(key_of(range.first)),
                       slice(key_of(range.last.next())));
}

void RocksDBStore::Batch::put_boundary(const WALStateTracker& tracker) {
  changes_.Put(store_.default_, kBoundaryKey, slice(tracker.encoded_boundary()));
}

void RocksDBStore::Batch::put_state(const WALStateTracker& tracker) {
  changes_.Put(store_.default_, kStateKey, slice(tracker.encoded()));
}

}  // namespace rocksdb_wal
