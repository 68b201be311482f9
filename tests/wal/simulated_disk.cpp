#include "wal/simulated_disk.hpp"

#include <algorithm>
#include <utility>

namespace lockstep::testing {
namespace {

constexpr std::size_t kSector = 512;

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

}  // namespace

class SimulatedFile final : public IFile {
 public:
  SimulatedFile(SimulatedDisk& disk, std::shared_ptr<SimulatedDisk::Inode> inode)
      : disk_(disk), inode_(std::move(inode)), life_(disk.life_) {}

  Result<> write(std::uint64_t offset, std::span<const ByteSpan> pieces) override {
    SimulatedDisk::Write write{offset, {}};
    for (const ByteSpan piece : pieces) {
      write.bytes.insert(write.bytes.end(), piece.begin(), piece.end());
    }
    const auto fault = next_call();
    if (fault) write.bytes.resize(write.bytes.size() / 2);
    if (life_ == disk_.life_) {
      SimulatedDisk::apply(inode_->now, write);
      inode_->unsynced.push_back(std::move(write));
    }
    if (fault) return *fault;
    return {};
  }

  Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into) override {
    if (const auto fault = next_call()) return *fault;
    const auto& bytes = inode_->now;
    if (offset >= bytes.size()) return std::size_t{0};
    const std::size_t count = std::min<std::size_t>(into.size(), bytes.size() - offset);
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), count, into.begin());
    disk_.bytes_read_ += count;
    return count;
  }

  Result<> sync() override {
    ++disk_.syncs_;
    if (const auto fault = next_call()) {
      // The pages are marked clean all the same: they read back, and are never written.
      if (life_ == disk_.life_) inode_->unsynced.clear();
      return Error(Errc::kSyncFailed, fault->message);
    }
    for (const SimulatedDisk::Write& write : inode_->unsynced) {
      SimulatedDisk::apply(inode_->synced, write);
    }
    inode_->unsynced.clear();
    return {};
  }

  Result<std::uint64_t> size() override {
    if (const auto fault = next_call()) return *fault;
    return inode_->now.size();
  }

 private:
  std::optional<Error> next_call() {
    if (life_ != disk_.life_) return Error(Errc::kIo, "the file was open before the crash");
    return disk_.next_call();
  }

  SimulatedDisk& disk_;
  std::shared_ptr<SimulatedDisk::Inode> inode_;
  const std::uint64_t life_;
};

class SimulatedLock final : public IFileSystem::Lock {
 public:
  SimulatedLock(SimulatedDisk& disk, std::string path)
      : disk_(disk), path_(std::move(path)), life_(disk.life_) {}
  ~SimulatedLock() override {
    if (life_ == disk_.life_) disk_.locks_.erase(path_);
  }
  SimulatedLock(const SimulatedLock&) = delete;
  SimulatedLock& operator=(const SimulatedLock&) = delete;

 private:
  SimulatedDisk& disk_;
  std::string path_;
  const std::uint64_t life_;
};

void SimulatedDisk::crash(std::uint64_t seed) {
  SeededNumbers numbers(seed);
  // Each in turn: all unsynced is lost, all is there, or chance decides for each piece.
  const std::uint64_t manner = numbers.below(4);
  const auto survives = [&] { return manner == 0 ? false : manner == 1 || numbers.below(2) == 0; };
  Names survivors = durable_names_;
  for (const NameChange& change : name_changes_) {
    if (survives()) apply(survivors, change);
  }
  std::set<Inode*> done;
  for (const auto& [path, inode] : survivors) {
    if (!done.insert(inode.get()).second) continue;
    std::vector<std::uint8_t> bytes = inode->synced;
    for (const Write& write : inode->unsynced) {
      if (manner < 3) {
        for (std::size_t begin = 0; begin < write.bytes.size();) {
          const std::size_t to_boundary = kSector - (write.offset + begin) % kSector;
          const std::size_t end = std::min(write.bytes.size(), begin + to_boundary);
          if (survives()) {
            apply(bytes, {write.offset + begin,
                          {write.bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                           write.bytes.begin() + static_cast<std::ptrdiff_t>(end)}});
          }
          begin = end;
        }
      } else {
        Write torn = write;
        torn.bytes.resize(numbers.below(write.bytes.size() + 1));
        apply(bytes, torn);
      }
    }
    inode->now = inode->synced = std::move(bytes);
    inode->unsynced.clear();
  }
  names_ = durable_names_ = std::move(survivors);
  name_changes_.clear();
  drop_process();
}

void SimulatedDisk::drop_process() {
  locks_.clear();
  heal();
  ++life_;
}

std::vector<std::string> SimulatedDisk::paths() const {
  std::vector<std::string> paths;
  for (const auto& [path, inode] : names_) paths.push_back(path);
  return paths;
}

const std::vector<std::uint8_t>& SimulatedDisk::contents(const std::string& path) const {
  return names_.at(path)->now;
}

void SimulatedDisk::set_contents(const std::string& path, std::vector<std::uint8_t> bytes) {
  Inode& inode = *names_.at(path);
  inode.now = inode.synced = std::move(bytes);
  inode.unsynced.clear();
}

void SimulatedDisk::flip_bit(const std::string& path, std::size_t byte, unsigned bit) {
  std::vector<std::uint8_t> bytes = contents(path);
  bytes.at(byte) = static_cast<std::uint8_t>(bytes.at(byte) ^ (1U << bit));
  set_contents(path, std::move(bytes));
}

SimulatedDisk SimulatedDisk::copy() const {
  SimulatedDisk other;
  std::map<const Inode*, std::shared_ptr<Inode>> copies;
  const auto copied = [&](const std::shared_ptr<Inode>& inode) {
    if (!inode) return inode;
    auto& its = copies[inode.get()];
    if (!its) its = std::make_shared<Inode>(*inode);
    return its;
  };
  for (const auto& [path, inode] : names_) other.names_[path] = copied(inode);
  for (const auto& [path, inode] : durable_names_) other.durable_names_[path] = copied(inode);
  for (NameChange change : name_changes_) {
    change.inode = copied(change.inode);
    other.name_changes_.push_back(std::move(change));
  }
  return other;
}

Result<> SimulatedDisk::create_folder(const std::string&) {
  if (const auto fault = next_call()) return *fault;
  return {};
}

Result<std::vector<std::string>> SimulatedDisk::list(const std::string& folder) {
  if (const auto fault = next_call()) return *fault;
  std::vector<std::string> names;
  for (const auto& [path, inode] : names_) {
    if (folder_of(path) == folder) names.push_back(path.substr(folder.size() + 1));
  }
  return names;
}

Result<bool> SimulatedDisk::exists(const std::string& path) {
  if (const auto fault = next_call()) return {boost::system::in_place_error, *fault};
  return names_.contains(path);
}

Result<std::unique_ptr<IFile>> SimulatedDisk::create(const std::string& path) {
  if (const auto fault = next_call()) return *fault;
  if (names_.contains(path)) return Error(Errc::kIo, "create " + path + ": it exists");
  const NameChange change{{}, path, std::make_shared<Inode>()};
  apply(names_, change);
  name_changes_.push_back(change);
  return std::unique_ptr<IFile>(std::make_unique<SimulatedFile>(*this, change.inode));
}

Result<std::unique_ptr<IFile>> SimulatedDisk::open(const std::string& path) {
  if (const auto fault = next_call()) return *fault;
  const auto found = names_.find(path);
  if (found == names_.end()) return no_such_file(path);
  return std::unique_ptr<IFile>(std::make_unique<SimulatedFile>(*this, found->second));
}

Result<> SimulatedDisk::rename(const std::string& from, const std::string& to) {
  if (const auto fault = next_call()) return *fault;
  const auto found = names_.find(from);
  if (found == names_.end()) return no_such_file(from);
  const NameChange change{from, to, found->second};
  apply(names_, change);
  name_changes_.push_back(change);
  return {};
}

Result<> SimulatedDisk::remove(const std::string& path) {
  if (const auto fault = next_call()) return *fault;
  if (!names_.contains(path)) return no_such_file(path);
  const NameChange change{{}, path, nullptr};
  apply(names_, change);
  name_changes_.push_back(change);
  return {};
}

Result<> SimulatedDisk::sync_folder(const std::string& folder) {
  ++syncs_;
  if (const auto fault = next_call()) return Error(Errc::kSyncFailed, fault->message);
  std::erase_if(name_changes_, [&](const NameChange& change) {
    if (folder_of(change.path) != folder) return false;
    apply(durable_names_, change);
    return true;
  });
  return {};
}

Result<std::unique_ptr<IFileSystem::Lock>> SimulatedDisk::lock(const std::string& path) {
  if (const auto fault = next_call()) return *fault;
  if (!locks_.insert(path).second) return Error(Errc::kLocked, path + " is held");
  return std::unique_ptr<Lock>(std::make_unique<SimulatedLock>(*this, path));
}

std::optional<Error> SimulatedDisk::next_call() {
  ++calls_;
  if (!fault_ || calls_ < fault_->call) return std::nullopt;
  const Fault fault = *fault_;
  if (!fault.lasting) fault_.reset();
  return Error(fault.code, "injected at call " + std::to_string(calls_));
}

Error SimulatedDisk::no_such_file(const std::string& path) const {
  return {Errc::kIo, path + ": no such file"};
}

void SimulatedDisk::apply(std::vector<std::uint8_t>& bytes, const Write& write) {
  const std::size_t end = write.offset + write.bytes.size();
  if (bytes.size() < end) bytes.resize(end);
  std::copy(write.bytes.begin(), write.bytes.end(),
            bytes.begin() + static_cast<std::ptrdiff_t>(write.offset));
}

void SimulatedDisk::apply(Names& names, const NameChange& change) {
  if (!change.inode) {
    names.erase(change.path);
    return;
  }
  // A rename is one step: its source goes with it, whether its creation was durable or not.
  if (!change.from.empty()) names.erase(change.from);
  names[change.path] = change.inode;
}

}  // namespace lockstep::testing
