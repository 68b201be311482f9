#include "lockstep/testing/simulated_disk.hpp"

#include <chrono>
#include <map>
#include <mutex>
#include <utility>

#include "lockstep/split_mix.hpp"
#include "runtime/simulated_disk_state.hpp"
#include "runtime/simulated_file.hpp"

namespace lockstep::testing {
namespace {

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string without_last_slash(const std::string& path) {
  return path.size() > 1 && path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
}

Error no_such_file(const std::string& path) { return {Errc::kIo, path + ": no such file"}; }

}  // namespace

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
  std::shared_ptr<State::Inode>& inode = state_->names[path];
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
  std::map<const State::Inode*, std::shared_ptr<State::Inode>> copies;
  const auto copied = [&](const std::shared_ptr<State::Inode>& inode) {
    if (!inode) return inode;
    auto& copy = copies[inode.get()];
    if (!copy) copy = its.make_inode(inode->bytes);
    return copy;
  };
  for (const auto& [path, inode] : state_->names) its.names[path] = copied(inode);
  for (const auto& [path, inode] : state_->durable_names) its.durable_names[path] = copied(inode);
  for (const State::NameChange& change : state_->name_changes) {
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
  std::erase_if(state_->name_changes, [&](const State::NameChange& change) {
    if (folder_of(change.path) != synced) return false;
    State::make_change(state_->durable_names, change);
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
