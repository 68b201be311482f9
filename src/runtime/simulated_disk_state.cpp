#include "runtime/simulated_disk_state.hpp"

#include <utility>

namespace lockstep::testing {

void SimulatedDisk::State::make_change(Names& names, const NameChange& change) {
  if (!change.inode) {
    names.erase(change.path);
    return;
  }
  // A rename is one step: its source goes with it, whether its creation was durable or not.
  if (!change.from.empty()) names.erase(change.from);
  names[change.path] = change.inode;
}

SimulatedDisk::State::Turn SimulatedDisk::State::begin_call(std::unique_lock<std::mutex>& lock,
                                                            Call call,
                                                            std::optional<std::uint64_t> its_life) {
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

void SimulatedDisk::State::change_name(NameChange change) {
  make_change(names, change);
  name_changes.push_back(std::move(change));
}

std::uint64_t SimulatedDisk::State::used_bytes() {
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

std::uint64_t SimulatedDisk::State::free_bytes() {
  if (!capacity) return ~std::uint64_t{0};
  const std::uint64_t used = used_bytes();
  return used < *capacity ? *capacity - used : 0;
}

std::shared_ptr<SimulatedDisk::State::Inode> SimulatedDisk::State::make_inode(CachedBytes bytes) {
  auto inode = std::make_shared<Inode>();
  inode->bytes = std::move(bytes);
  inodes.push_back(inode);
  return inode;
}

void SimulatedDisk::State::crash(Tearing tearing, SplitMix64& numbers) {
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

void SimulatedDisk::State::end_life() {
  locks.clear();
  ++life;
  set_fault({});
}

void SimulatedDisk::State::set_fault(std::optional<Fault> next) {
  fault = next;
  changed.notify_all();
}

}  // namespace lockstep::testing
