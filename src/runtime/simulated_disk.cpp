#include "lockstep/testing/simulated_disk.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "lockstep/split_mix.hpp"
#include "runtime/cached_bytes.hpp"

namespace lockstep::testing {
namespace {

struct Inode {
  CachedBytes bytes;
  std::size_t open_files = 0;
};
using Names = std::map<std::string, std::shared_ptr<Inode>>;

/// A change of names that is not durable yet.
struct NameChange {
  std::string from;  // of a rename
  std::string path;
  std::shared_ptr<Inode> inode;  // none: removed
};

void make_change(Names& names, const NameChange& change) {
  if (!change.inode) {
    names.erase(change.path);
    return;
  }
  // A rename is one step: its source goes with it, whether its creation was durable or not.
  if (!change.from.empty()) names.erase(change.from);
  names[change.path] = change.inode;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string without_last_slash(const std::string& path) {
  return path.size() > 1 && path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
}

Error no_such_file(const std::string& path) { return {Errc::kIo, path + ": no such file"}; }

std::uint64_t kept_of(std::uint64_t bytes, SimulatedDisk::Written written) {
  switch (written) {
    case SimulatedDisk::Written::kNothing:
      return 0;
    case SimulatedDisk::Written::kHalf:
      return bytes / 2;
    case SimulatedDisk::Written::kAllButOneByte:
      break;
  }
  return bytes == 0 ? 0 : bytes - 1;
}

}  // namespace

class SimulatedDisk::State {
 public:
  /// What becomes of a call that was begun.
  struct Turn {
    enum class Fate {
      kDone,
      kFails,
      kPowerGoes,  ///< begun, and for the crash to say whether it happened
      kDead,       ///< behind the end of power or process: does nothing
    };
    Fate fate = Fate::kDone;
    Error error;
    Written written = Written::kNothing;

    [[nodiscard]] bool happens() const { return fate == Fate::kDone || fate == Fate::kPowerGoes; }
  };

  enum class Call { kLooks, kChanges };

  /// Counts a call; waits while the disk hangs. `its_life`: of the file that it is made on.
  Turn begin_call(std::unique_lock<std::mutex>& lock, Call call,
                  std::optional<std::uint64_t> its_life = {}) {
    const std::uint64_t number = ++calls;
    while (fault && fault->kind == Fault::Kind::kHang && number >= fault->call) {
      ++hanging;
      changed.notify_all();
      changed.wait(lock);
      --hanging;
    }
    if (its_life && *its_life != life) {
      return {Turn::Fate::kDead, Error(Errc::kIo, "the file was open before the crash"), {}};
    }
    if (!fault || number < fault->call) return {};
    if (fault->kind == Fault::Kind::kReadOnly && call == Call::kLooks) return {};
    const Fault now = *fault;
    Error error(now.code, "injected at call " + std::to_string(number));
    switch (now.kind) {
      case Fault::Kind::kOnce:
        fault.reset();
        break;
      case Fault::Kind::kPowerCut:
        return {number == now.call ? Turn::Fate::kPowerGoes : Turn::Fate::kDead, error, {}};
      case Fault::Kind::kLasting:
      case Fault::Kind::kReadOnly:
      case Fault::Kind::kHang:
        break;
    }
    return {Turn::Fate::kFails, std::move(error), now.written};
  }

  void change_name(NameChange change) {
    make_change(names, change);
    name_changes.push_back(std::move(change));
  }

  [[nodiscard]] std::uint64_t used_bytes() {
    std::erase_if(inodes, [](const auto& weak) { return weak.expired(); });
    std::set<const Inode*> named;
    for (const auto& [path, inode] : names) named.insert(inode.get());
    std::uint64_t used = 0;
    for (const auto& weak : inodes) {
      const auto inode = weak.lock();
      if (inode->open_files > 0 || named.contains(inode.get())) used += inode->bytes.size();
    }
    return used;
  }
  [[nodiscard]] std::uint64_t free_bytes() {
    if (!capacity) return ~std::uint64_t{0};
    const std::uint64_t used = used_bytes();
    return used < *capacity ? *capacity - used : 0;
  }

  std::shared_ptr<Inode> make_inode(CachedBytes bytes = {}) {
    auto inode = std::make_shared<Inode>();
    inode->bytes = std::move(bytes);
    inodes.push_back(inode);
    return inode;
  }

  void crash(Tearing tearing, SplitMix64& numbers) {
    std::uint64_t left = numbers.below(name_changes.size() + 1);
    const auto survives = [&] {
      switch (tearing) {
        case Tearing::kNothing:
          return false;
        case Tearing::kAll:
          return true;
        case Tearing::kSectors:
        case Tearing::kBytes:
          return numbers.below(2) == 0;
        case Tearing::kPrefix:
          break;
      }
      return left > 0 && left-- > 0;
    };
    Names survivors = durable_names;
    for (const NameChange& change : name_changes) {
      if (survives()) make_change(survivors, change);
    }
    std::set<Inode*> done;
    for (const auto& [path, inode] : survivors) {
      if (done.insert(inode.get()).second) inode->bytes.crash(tearing, numbers);
    }
    names = durable_names = std::move(survivors);
    name_changes.clear();
    end_life();
  }

  void end_life() {
    locks.clear();
    ++life;
    set_fault({});
  }

  struct Fault {
    enum class Kind { kOnce, kLasting, kReadOnly, kPowerCut, kHang };
    Kind kind = Kind::kOnce;
    std::uint64_t call = 0;
    Errc code = Errc::kIo;
    Written written = Written::kNothing;
  };
  void set_fault(std::optional<Fault> next) {
    fault = next;
    changed.notify_all();
  }

  CachedBytes& bytes_of(const std::string& path) { return names.at(path)->bytes; }

  std::mutex mutex;
  std::condition_variable changed;
  Names names;
  Names durable_names;
  std::vector<NameChange> name_changes;
  std::set<std::string> folders{"/", "."};
  std::vector<std::weak_ptr<Inode>> inodes;
  std::set<std::string> locks;
  std::optional<Fault> fault;
  std::optional<std::uint64_t> capacity;
  std::size_t hanging = 0;
  std::uint64_t calls = 0;
  std::uint64_t syncs = 0;
  std::uint64_t bytes_written = 0;
  std::uint64_t bytes_read = 0;
  std::uint64_t life = 0;  // grows with each crash
};

class SimulatedDisk::File final : public IFile {
 public:
  /// Under the lock.
  File(std::shared_ptr<State> state, std::shared_ptr<Inode> inode, bool writable)
      : state_(std::move(state)),
        inode_(std::move(inode)),
        life_(state_->life),
        writable_(writable) {
    ++inode_->open_files;
  }
  ~File() override {
    const std::lock_guard lock(state_->mutex);
    --inode_->open_files;
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  Result<> write(std::uint64_t offset, std::span<const ByteSpan> pieces) override {
    std::vector<std::uint8_t> bytes;
    for (const ByteSpan piece : pieces) bytes.insert(bytes.end(), piece.begin(), piece.end());
    std::unique_lock lock(state_->mutex);
    const Turn turn = state_->begin_call(lock, Call::kChanges, life_);
    Error error = turn.error;
    if (turn.fate == Turn::Fate::kDead) return error;
    if (!writable_) return Error(Errc::kIo, "the file is open to be read");
    if (!turn.happens()) bytes.resize(kept_of(bytes.size(), turn.written));
    if (const std::uint64_t end = room_end(); offset + bytes.size() > end) {
      bytes.resize(end > offset ? end - offset : 0);
      if (!error) error = Error(Errc::kNoSpace, "the simulated disk is full");
    }
    state_->bytes_written += bytes.size();
    if (!bytes.empty()) inode_->bytes.write(offset, std::move(bytes));
    if (error) return error;
    return {};
  }

  Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into) override {
    std::unique_lock lock(state_->mutex);
    if (const Turn turn = state_->begin_call(lock, Call::kLooks, life_); turn.error)
      return turn.error;
    if (inode_->bytes.read_fails(offset, into.size())) {
      return Error(Errc::kIo, "the disk cannot read at " + std::to_string(offset));
    }
    const std::vector<std::uint8_t>& bytes = inode_->bytes.cached();
    if (offset >= bytes.size()) return std::size_t{0};
    const std::size_t count = std::min<std::size_t>(into.size(), bytes.size() - offset);
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), count, into.begin());
    state_->bytes_read += count;
    return count;
  }

  Result<> sync() override {
    std::unique_lock lock(state_->mutex);
    ++state_->syncs;
    const Turn turn = state_->begin_call(lock, Call::kChanges, life_);
    if (turn.fate == Turn::Fate::kDone) {
      inode_->bytes.sync();
      return {};
    }
    if (turn.fate == Turn::Fate::kFails) {
      SplitMix64 numbers(state_->calls);
      inode_->bytes.fail_sync(numbers);
    }
    return Error(Errc::kSyncFailed, turn.error.message);
  }

  Result<std::uint64_t> size() override {
    std::unique_lock lock(state_->mutex);
    if (const Turn turn = state_->begin_call(lock, Call::kLooks, life_); turn.error)
      return turn.error;
    return inode_->bytes.size();
  }

 private:
  using Turn = State::Turn;
  using Call = State::Call;

  /// Where the file would end, did it take all the room there is.
  [[nodiscard]] std::uint64_t room_end() const {
    const std::uint64_t size = inode_->bytes.size();
    const std::uint64_t room = state_->free_bytes();
    return size + std::min(room, ~std::uint64_t{0} - size);
  }

  const std::shared_ptr<State> state_;
  const std::shared_ptr<Inode> inode_;
  const std::uint64_t life_;
  const bool writable_;
};

class SimulatedDisk::HeldLock final : public IFileSystem::Lock {
 public:
  /// Under the lock.
  HeldLock(std::shared_ptr<State> state, std::string path)
      : state_(std::move(state)), path_(std::move(path)), life_(state_->life) {}
  ~HeldLock() override {
    const std::lock_guard lock(state_->mutex);
    if (life_ == state_->life) state_->locks.erase(path_);
  }
  HeldLock(const HeldLock&) = delete;
  HeldLock& operator=(const HeldLock&) = delete;

 private:
  const std::shared_ptr<State> state_;
  const std::string path_;
  const std::uint64_t life_;
};

SimulatedDisk::SimulatedDisk() : state_(std::make_shared<State>()) {}
SimulatedDisk::~SimulatedDisk() {
  if (state_) heal();
}
SimulatedDisk::SimulatedDisk(SimulatedDisk&&) noexcept = default;
SimulatedDisk& SimulatedDisk::operator=(SimulatedDisk&&) noexcept = default;

std::uint64_t SimulatedDisk::calls() const {
  const std::lock_guard lock(state_->mutex);
  return state_->calls;
}
std::uint64_t SimulatedDisk::syncs() const {
  const std::lock_guard lock(state_->mutex);
  return state_->syncs;
}
std::uint64_t SimulatedDisk::bytes_written() const {
  const std::lock_guard lock(state_->mutex);
  return state_->bytes_written;
}
std::uint64_t SimulatedDisk::bytes_read() const {
  const std::lock_guard lock(state_->mutex);
  return state_->bytes_read;
}

void SimulatedDisk::fail_call(std::uint64_t number, Errc code, Written written) {
  const std::lock_guard lock(state_->mutex);
  state_->set_fault(State::Fault{State::Fault::Kind::kOnce, number, code, written});
}
void SimulatedDisk::fail_from_call(std::uint64_t number, Errc code, Written written) {
  const std::lock_guard lock(state_->mutex);
  state_->set_fault(State::Fault{State::Fault::Kind::kLasting, number, code, written});
}
void SimulatedDisk::fail_changes_from_call(std::uint64_t number, Errc code, Written written) {
  const std::lock_guard lock(state_->mutex);
  state_->set_fault(State::Fault{State::Fault::Kind::kReadOnly, number, code, written});
}
void SimulatedDisk::cut_power_at(std::uint64_t number) {
  const std::lock_guard lock(state_->mutex);
  state_->set_fault(State::Fault{State::Fault::Kind::kPowerCut, number, Errc::kIo, {}});
}
void SimulatedDisk::hang_from_call(std::uint64_t number) {
  const std::lock_guard lock(state_->mutex);
  state_->set_fault(State::Fault{State::Fault::Kind::kHang, number, Errc::kIo, {}});
}
bool SimulatedDisk::wait_until_hanging(std::chrono::milliseconds limit) const {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, limit, [&] { return state_->hanging > 0; });
}
void SimulatedDisk::heal() {
  const std::lock_guard lock(state_->mutex);
  state_->set_fault({});
}

void SimulatedDisk::crash(Tearing tearing, std::uint64_t seed) {
  const std::lock_guard lock(state_->mutex);
  SplitMix64 numbers(seed);
  state_->crash(tearing, numbers);
}
void SimulatedDisk::crash(std::uint64_t seed) {
  const std::lock_guard lock(state_->mutex);
  SplitMix64 numbers(seed);
  state_->crash(kAllTearings[numbers.below(std::size(kAllTearings))], numbers);
}
void SimulatedDisk::drop_process() {
  const std::lock_guard lock(state_->mutex);
  state_->end_life();
}

void SimulatedDisk::set_capacity(std::optional<std::uint64_t> bytes) {
  const std::lock_guard lock(state_->mutex);
  state_->capacity = bytes;
}
std::uint64_t SimulatedDisk::used_bytes() const {
  const std::lock_guard lock(state_->mutex);
  return state_->used_bytes();
}

std::vector<std::string> SimulatedDisk::paths() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<std::string> paths;
  for (const auto& [path, inode] : state_->names) paths.push_back(path);
  return paths;
}
std::vector<std::uint8_t> SimulatedDisk::contents(const std::string& path) const {
  const std::lock_guard lock(state_->mutex);
  return state_->bytes_of(path).cached();
}
void SimulatedDisk::set_contents(const std::string& path, std::vector<std::uint8_t> bytes) {
  const std::lock_guard lock(state_->mutex);
  std::shared_ptr<Inode>& inode = state_->names[path];
  if (!inode) inode = state_->durable_names[path] = state_->make_inode();
  inode->bytes = CachedBytes(std::move(bytes));
}
void SimulatedDisk::flip_bit(const std::string& path, std::uint64_t byte, unsigned bit) {
  const std::lock_guard lock(state_->mutex);
  state_->bytes_of(path).flip_bit(byte, bit);
}
void SimulatedDisk::fail_reads(const std::string& path, std::uint64_t offset, std::uint64_t bytes) {
  const std::lock_guard lock(state_->mutex);
  state_->bytes_of(path).fail_reads(offset, bytes);
}
void SimulatedDisk::mend_reads() {
  const std::lock_guard lock(state_->mutex);
  for (const auto& weak : state_->inodes) {
    if (const auto inode = weak.lock()) inode->bytes.mend_reads();
  }
}

SimulatedDisk SimulatedDisk::copy() const {
  const std::lock_guard lock(state_->mutex);
  SimulatedDisk other;
  State& its = *other.state_;
  std::map<const Inode*, std::shared_ptr<Inode>> copies;
  const auto copied = [&](const std::shared_ptr<Inode>& inode) {
    if (!inode) return inode;
    auto& copy = copies[inode.get()];
    if (!copy) copy = its.make_inode(inode->bytes);
    return copy;
  };
  for (const auto& [path, inode] : state_->names) its.names[path] = copied(inode);
  for (const auto& [path, inode] : state_->durable_names) its.durable_names[path] = copied(inode);
  for (const NameChange& change : state_->name_changes) {
    its.name_changes.push_back({change.from, change.path, copied(change.inode)});
  }
  its.folders = state_->folders;
  return other;
}

Result<> SimulatedDisk::create_folder(const std::string& path) {
  std::unique_lock lock(state_->mutex);
  if (const auto turn = state_->begin_call(lock, State::Call::kChanges); turn.error)
    return turn.error;
  for (std::string folder = without_last_slash(path); state_->folders.insert(folder).second;) {
    folder = folder_of(folder);
  }
  return {};
}

Result<std::vector<std::string>> SimulatedDisk::list(const std::string& folder) {
  std::unique_lock lock(state_->mutex);
  if (const auto turn = state_->begin_call(lock, State::Call::kLooks); turn.error)
    return turn.error;
  const std::string wanted = without_last_slash(folder);
  if (!state_->folders.contains(wanted)) return no_such_file(folder);
  std::vector<std::string> names;
  for (const auto& [path, inode] : state_->names) {
    if (folder_of(path) == wanted) names.push_back(path.substr(path.rfind('/') + 1));
  }
  return names;
}

Result<bool> SimulatedDisk::exists(const std::string& path) {
  std::unique_lock lock(state_->mutex);
  // In place: an Error converts to bool as well.
  if (const auto turn = state_->begin_call(lock, State::Call::kLooks); turn.error) {
    return {boost::system::in_place_error, turn.error};
  }
  return state_->names.contains(path) || state_->folders.contains(without_last_slash(path));
}

Result<std::unique_ptr<IFile>> SimulatedDisk::create(const std::string& path) {
  std::unique_lock lock(state_->mutex);
  const auto turn = state_->begin_call(lock, State::Call::kChanges);
  if (!turn.happens()) return turn.error;
  if (state_->names.contains(path)) return Error(Errc::kIo, "create " + path + ": it exists");
  if (!state_->folders.contains(folder_of(path))) return no_such_file(path);
  const auto inode = state_->make_inode();
  state_->change_name({{}, path, inode});
  if (turn.error) return turn.error;
  return std::unique_ptr<IFile>(std::make_unique<File>(state_, inode, true));
}

Result<std::unique_ptr<IFile>> SimulatedDisk::open(const std::string& path) {
  return open_file(path, true);
}
Result<std::unique_ptr<IFile>> SimulatedDisk::open_to_read(const std::string& path) {
  return open_file(path, false);
}
Result<std::unique_ptr<IFile>> SimulatedDisk::open_file(const std::string& path, bool writable) {
  std::unique_lock lock(state_->mutex);
  if (const auto turn = state_->begin_call(lock, State::Call::kLooks); turn.error)
    return turn.error;
  const auto found = state_->names.find(path);
  if (found == state_->names.end()) return no_such_file(path);
  return std::unique_ptr<IFile>(std::make_unique<File>(state_, found->second, writable));
}

Result<> SimulatedDisk::rename(const std::string& from, const std::string& to) {
  std::unique_lock lock(state_->mutex);
  const auto turn = state_->begin_call(lock, State::Call::kChanges);
  if (!turn.happens()) return turn.error;
  const auto found = state_->names.find(from);
  if (found == state_->names.end()) return no_such_file(from);
  if (!state_->folders.contains(folder_of(to))) return no_such_file(to);
  state_->change_name({from, to, found->second});
  if (turn.error) return turn.error;
  return {};
}

Result<> SimulatedDisk::remove(const std::string& path) {
  std::unique_lock lock(state_->mutex);
  const auto turn = state_->begin_call(lock, State::Call::kChanges);
  if (!turn.happens()) return turn.error;
  if (!state_->names.contains(path)) return no_such_file(path);
  state_->change_name({{}, path, nullptr});
  if (turn.error) return turn.error;
  return {};
}

Result<> SimulatedDisk::sync_folder(const std::string& folder) {
  std::unique_lock lock(state_->mutex);
  ++state_->syncs;
  if (const auto turn = state_->begin_call(lock, State::Call::kChanges); turn.error) {
    return Error(Errc::kSyncFailed, turn.error.message);
  }
  const std::string synced = without_last_slash(folder);
  std::erase_if(state_->name_changes, [&](const NameChange& change) {
    if (folder_of(change.path) != synced) return false;
    make_change(state_->durable_names, change);
    return true;
  });
  return {};
}

Result<std::uint64_t> SimulatedDisk::free_bytes(const std::string&) {
  std::unique_lock lock(state_->mutex);
  if (const auto turn = state_->begin_call(lock, State::Call::kLooks); turn.error)
    return turn.error;
  return state_->free_bytes();
}

Result<std::unique_ptr<IFileSystem::Lock>> SimulatedDisk::lock(const std::string& path) {
  std::unique_lock lock(state_->mutex);
  if (const auto turn = state_->begin_call(lock, State::Call::kChanges); turn.error)
    return turn.error;
  if (!state_->folders.contains(folder_of(path))) return no_such_file(path);
  if (!state_->locks.insert(path).second) return Error(Errc::kLocked, path + " is held");
  if (!state_->names.contains(path)) state_->change_name({{}, path, state_->make_inode()});
  return std::unique_ptr<Lock>(std::make_unique<HeldLock>(state_, path));
}

}  // namespace lockstep::testing
