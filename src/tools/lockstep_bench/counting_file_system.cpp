#include "tools/lockstep_bench/counting_file_system.hpp"

#include <utility>

namespace lockstep::bench {
namespace {

class CountingFile final : public IFile {
 public:
  CountingFile(std::unique_ptr<IFile> inner, std::shared_ptr<FileCounts> counts)
      : inner_(std::move(inner)), counts_(std::move(counts)) {}

  Result<> write(std::uint64_t offset, std::span<const ByteSpan> pieces) override {
    std::uint64_t bytes = 0;
    for (const ByteSpan& piece : pieces) bytes += piece.size();
    counts_->writes.fetch_add(1, std::memory_order_relaxed);
    counts_->bytes_written.fetch_add(bytes, std::memory_order_relaxed);
    return inner_->write(offset, pieces);
  }
  Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into) override {
    return inner_->read(offset, into);
  }
  Result<> sync() override {
    counts_->syncs.fetch_add(1, std::memory_order_relaxed);
    return inner_->sync();
  }
  Result<std::uint64_t> size() override { return inner_->size(); }

 private:
  const std::unique_ptr<IFile> inner_;
  const std::shared_ptr<FileCounts> counts_;
};

class CountingFileSystem final : public IFileSystem {
 public:
  CountingFileSystem(IFileSystem& inner, std::shared_ptr<FileCounts> counts)
      : inner_(inner), counts_(std::move(counts)) {}

  Result<> create_folder(const std::string& path) override { return inner_.create_folder(path); }
  Result<std::vector<std::string>> list(const std::string& folder) override {
    return inner_.list(folder);
  }
  Result<bool> exists(const std::string& path) override { return inner_.exists(path); }
  Result<std::unique_ptr<IFile>> create(const std::string& path) override {
    return counted(inner_.create(path));
  }
  Result<std::unique_ptr<IFile>> open(const std::string& path) override {
    return counted(inner_.open(path));
  }
  Result<std::unique_ptr<IFile>> open_to_read(const std::string& path) override {
    return inner_.open_to_read(path);
  }
  Result<> rename(const std::string& from, const std::string& to) override {
    return inner_.rename(from, to);
  }
  Result<> remove(const std::string& path) override { return inner_.remove(path); }
  Result<> sync_folder(const std::string& folder) override { return inner_.sync_folder(folder); }
  Result<std::uint64_t> free_bytes(const std::string& path) override {
    return inner_.free_bytes(path);
  }
  Result<std::unique_ptr<Lock>> lock(const std::string& path) override { return inner_.lock(path); }

 private:
  Result<std::unique_ptr<IFile>> counted(Result<std::unique_ptr<IFile>> file) {
    if (!file) return file.error();
    return std::unique_ptr<IFile>(std::make_unique<CountingFile>(std::move(*file), counts_));
  }

  IFileSystem& inner_;
  const std::shared_ptr<FileCounts> counts_;
};

}  // namespace

CountingRuntime::CountingRuntime(std::shared_ptr<Runtime> inner)
    : inner_(std::move(inner)),
      files_(std::make_unique<CountingFileSystem>(inner_->file_system(), counts_)) {}

CountingRuntime::~CountingRuntime() = default;

}  // namespace lockstep::bench
