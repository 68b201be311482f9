#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "lockstep/wal_state_tracker.hpp"

namespace rocksdb_wal {

using namespace lockstep;  // NOLINT: an example of its use

/// A log's records in RocksDB, in two column families:
/// - `entries`: index (8 bytes, big-endian, so that keys sort as indexes do) -> the entry's digest
///   (32 bytes), its encoded header and its payload. Apart from the rest, because files that hold
///   nothing but ever higher indexes are moved down the levels as they are, not merged;
/// - `default`: "state" and "boundary" -> what a WALStateTracker encodes.
class RocksDBStore {
 public:
  /// Changes that become durable together or not at all.
  class Batch {
   public:
    explicit Batch(RocksDBStore& store) : store_(store) {}
    void put(const Entry& entry);
    void remove(IndexRange range);
    void put_boundary(const WALStateTracker& tracker);
    void put_state(const WALStateTracker& tracker);

   private:
    friend class RocksDBStore;
    RocksDBStore& store_;
    rocksdb::WriteBatch changes_;
  };

  /// `on_failure`: RocksDB has stopped writing; called on a thread of its own.
  [[nodiscard]] static Result<std::unique_ptr<RocksDBStore>> open(
      const std::string& folder, rocksdb::Env& env, std::function<void(Error)> on_failure);
  ~RocksDBStore();

  /// What the last batch left behind; nothing in a new database. Errors: kForeignData for a
  /// database of something else; kCorruption, kNewerFormat, kIo.
  [[nodiscard]] Result<std::optional<WALStateTracker>> load();
  /// One write and one sync. Errors: kNoSpace, kCorruption, kIo.
  [[nodiscard]] Error commit(Batch& batch);
  /// Checked against its digest. Errors: kCorruption (rotten, or not there), kIo.
  [[nodiscard]] Result<Entry> read(Index index);
  /// Keeps some space of the disk occupied. False: there is not enough.
  [[nodiscard]] bool keep_ballast();
  /// Gives it up, for what must find room on a full disk.
  void give_up_ballast();
  /// Gives files that hold nothing from `first` on back to the file system.
  void remove_files_before(Index first);

 private:
  RocksDBStore(std::string folder, rocksdb::Env& env) : folder_(std::move(folder)), env_(env) {}
  [[nodiscard]] std::string ballast_path() const { return folder_ + "/lockstep.ballast"; }

  const std::string folder_;
  rocksdb::Env& env_;
  bool has_ballast_ = false;
  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::ColumnFamilyHandle* default_ = nullptr;
  rocksdb::ColumnFamilyHandle* entries_ = nullptr;
  bool out_of_space_ = false;
};

}  // namespace rocksdb_wal
