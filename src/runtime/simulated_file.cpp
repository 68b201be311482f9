#include "runtime/simulated_file.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace lockstep::testing {
namespace {

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

SimulatedDisk::File::File(std::shared_ptr<State> state, std::shared_ptr<State::Inode> inode,
                          bool writable)
    : state_(std::move(state)), inode_(std::move(inode)), life_(state_->life), writable_(writable) {
  ++inode_->open_files;
}

SimulatedDisk::File::~File() {
  const std::lock_guard lock(state_->mutex);
  --inode_->open_files;
}

Result<> SimulatedDisk::File::write(std::uint64_t offset, std::span<const ByteSpan> pieces) {
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

Result<std::size_t> SimulatedDisk::File::read(std::uint64_t offset, std::span<std::uint8_t> into) {
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

Result<> SimulatedDisk::File::sync() {
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

Result<std::uint64_t> SimulatedDisk::File::size() {
  std::unique_lock lock(state_->mutex);
  if (const Turn turn = state_->begin_call(lock, Call::kLooks, life_); turn.error)
    return turn.error;
  return inode_->bytes.size();
}

std::uint64_t SimulatedDisk::File::room_end() const {
  const std::uint64_t size = inode_->bytes.size();
  const std::uint64_t room = state_->free_bytes();
  return size + std::min(room, ~std::uint64_t{0} - size);
}

SimulatedDisk::HeldLock::HeldLock(std::shared_ptr<State> state, std::string path)
    : state_(std::move(state)), path_(std::move(path)), life_(state_->life) {}

SimulatedDisk::HeldLock::~HeldLock() {
  const std::lock_guard lock(state_->mutex);
  if (life_ == state_->life) state_->locks.erase(path_);
}

}  // namespace lockstep::testing
