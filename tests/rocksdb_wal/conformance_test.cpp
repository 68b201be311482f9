// The conformance kit, run on the log on RocksDB.
#include "lockstep/testing/wal_conformance.hpp"

#include <rocksdb/db.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lockstep/asio_runtime.hpp"
#include "rocksdb_wal.hpp"
#include "rocksdb_wal/faulty_disk.hpp"

namespace rocksdb_wal::testing {
namespace {

class RocksDBTestbed final : public lockstep::testing::WALTestbed {
 public:
  RocksDBTestbed() {
    folder_ = (std::filesystem::temp_directory_path() / "rocksdb-wal-XXXXXX").string();
    EXPECT_NE(::mkdtemp(folder_.data()), nullptr) << folder_;
  }
  ~RocksDBTestbed() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::unique_ptr<IWALSource> make_log(const NodeId& node, GroupId group) override {
    RocksDBWALOptions options{.folder = log_folder(), .node = node, .group = group};
    options.env = disk_.env();
    return std::make_unique<RocksDBWAL>(options, *runtime_, executor_);
  }
  std::shared_ptr<IExecutor> executor() override { return executor_; }
  std::string lacks(Feature feature) const override {
    return feature == Feature::kSimulatedDisk ? "RocksDB's files are real" : "";
  }
  /// By the back door: the value in the database is another one.
  void damage(const Entry& entry) override {
    const std::vector<rocksdb::ColumnFamilyDescriptor> families{
        {rocksdb::kDefaultColumnFamilyName, {}}, {"entries", {}}};
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* raw = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open({}, log_folder(), families, &handles, &raw).ok());
    const std::unique_ptr<rocksdb::DB> db(raw);
    int damaged = 0;
    {
      const std::unique_ptr<rocksdb::Iterator> found(db->NewIterator({}, handles[1]));
      const std::string stored(entry.encoded.view());
      for (found->SeekToFirst(); found->Valid(); found->Next()) {
        std::string value = found->value().ToString();
        if (!value.ends_with(stored)) continue;
        value[value.size() - stored.size() / 2] ^= 1;
        ASSERT_TRUE(db->Put({}, handles[1], found->key(), value).ok());
        ++damaged;
      }
    }
    for (rocksdb::ColumnFamilyHandle* handle : handles) db->DestroyColumnFamilyHandle(handle);
    EXPECT_EQ(damaged, 1) << "the entry is not in the database";
  }
  void set_room(std::optional<std::uint64_t> bytes) override {
    disk_.switches().room = bytes ? static_cast<std::int64_t>(*bytes) : FaultyDisk::kPlenty;
  }

 private:
  [[nodiscard]] std::string log_folder() const { return folder_ + "/log"; }

  std::string folder_;
  FaultyDisk disk_;
  const std::shared_ptr<AsioRuntime> runtime_ = AsioRuntime::create();
  const std::shared_ptr<IExecutor> executor_ = runtime_->make_worker("log");
};

}  // namespace

lockstep::testing::WALUnderTest rocksdb_wal_under_test() {
  return {"RocksDB", [] { return std::make_unique<RocksDBTestbed>(); }};
}

}  // namespace rocksdb_wal::testing

LOCKSTEP_WAL_CONFORMANCE(Example, rocksdb_wal::testing::rocksdb_wal_under_test());
