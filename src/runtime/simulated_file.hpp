#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "lockstep/testing/simulated_disk.hpp"
#include "runtime/simulated_disk_state.hpp"

namespace lockstep::testing {

class SimulatedDisk::File final : public IFile {
 public:
  /// Under the lock.
  File(std::shared_ptr<State> state, std::shared_ptr<State::Inode> inode, bool writable);
  ~File() override;
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  Result<> write(std::uint64_t offset, std::span<const ByteSpan> pieces) override;
  Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into) override;
  Result<> sync() override;
  Result<std::uint64_t> size() override;

 private:
  using Turn = State::Turn;
  using Call = State::Call;

  /// Where the file would end, did it take all the room there is.
  [[nodiscard]] std::uint64_t room_end() const;

  const std::shared_ptr<State> state_;
  const std::shared_ptr<State::Inode> inode_;
  const std::uint64_t life_;
  const bool writable_;
};

class SimulatedDisk::HeldLock final : public IFileSystem::Lock {
 public:
  /// Under the lock.
  HeldLock(std::shared_ptr<State> state, std::string path);
  ~HeldLock() override;
  HeldLock(const HeldLock&) = delete;
  HeldLock& operator=(const HeldLock&) = delete;

 private:
  const std::shared_ptr<State> state_;
  const std::string path_;
  const std::uint64_t life_;
};

}  // namespace lockstep::testing
