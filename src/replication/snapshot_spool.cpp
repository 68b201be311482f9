#include "replication/snapshot_spool.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace lockstep::replication {
namespace {

std::string path_of(const std::string& folder, const std::string& name) {
  return folder + "/" + name;
}

class MemorySpool final : public SnapshotSpool {
 public:
  Result<> append(ByteSpan bytes) override {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return {};
  }
  std::uint64_t size() const override { return bytes_.size(); }
  Result<SharedBuffer> read(std::uint64_t offset, std::size_t max_bytes) override {
    const std::size_t begin = std::min<std::size_t>(static_cast<std::size_t>(offset), size());
    const std::size_t end = begin + std::min(max_bytes, bytes_.size() - begin);
    return SharedBuffer::adopt({bytes_.begin() + static_cast<std::ptrdiff_t>(begin),
                                bytes_.begin() + static_cast<std::ptrdiff_t>(end)});
  }

 private:
  std::vector<std::uint8_t> bytes_;
};

class FileSpool final : public SnapshotSpool {
 public:
  FileSpool(IFileSystem& files, std::string path, std::unique_ptr<IFile> file)
      : files_(files), path_(std::move(path)), file_(std::move(file)) {}
  ~FileSpool() override {
    file_.reset();
    (void)files_.remove(path_);
  }
  Result<> append(ByteSpan bytes) override {
    Result<> written = file_->write(size_, std::span(&bytes, 1));
    if (written) size_ += bytes.size();
    return written;
  }
  std::uint64_t size() const override { return size_; }
  Result<SharedBuffer> read(std::uint64_t offset, std::size_t max_bytes) override {
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(
        std::min<std::uint64_t>(max_bytes, size_ - std::min(offset, size_))));
    const Result<std::size_t> read = file_->read(offset, bytes);
    if (!read) return read.error();
    bytes.resize(*read);
    return SharedBuffer::adopt(std::move(bytes));
  }

 private:
  IFileSystem& files_;
  const std::string path_;
  std::unique_ptr<IFile> file_;
  std::uint64_t size_ = 0;
};

}  // namespace

std::unique_ptr<SnapshotSpool> make_memory_spool() { return std::make_unique<MemorySpool>(); }

Result<std::unique_ptr<SnapshotSpool>> make_file_spool(IFileSystem& files,
                                                       const std::string& folder,
                                                       const std::string& name) {
  if (const Result<> created = files.create_folder(folder); !created) return created.error();
  if (const Result<> removed = remove_spool_file(files, folder, name); !removed) {
    return removed.error();
  }
  const std::string path = path_of(folder, name);
  Result<std::unique_ptr<IFile>> file = files.create(path);
  if (!file) return file.error();
  return std::unique_ptr<SnapshotSpool>(std::make_unique<FileSpool>(files, path, std::move(*file)));
}

Result<> remove_spool_file(IFileSystem& files, const std::string& folder, const std::string& name) {
  const std::string path = path_of(folder, name);
  const Result<bool> left = files.exists(path);
  if (!left) return left.error();
  return *left ? files.remove(path) : Result<>();
}

}  // namespace lockstep::replication
