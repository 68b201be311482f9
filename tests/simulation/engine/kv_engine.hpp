#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "lockstep/split_mix.hpp"
#include "lockstep/state_machine.hpp"

namespace lockstep::sim {

/// The registers, and a digest of all commands that led here.
struct KvState {
  std::map<std::string, std::string> registers;
  std::uint64_t commands = 0;
  /// Of the last command's entry.
  std::uint64_t last_index = 0;
  std::uint64_t digest = 0;
  friend bool operator==(const KvState&, const KvState&) = default;
};

/// What the engine has made durable: outlives a crash, in one piece.
struct EngineDisk {
  KvState state;
  std::map<std::string, std::string> pairs;
  Index applied;
  /// Of so many applied batches one is flushed, all before it with it; 1: each.
  std::uint64_t flush_one_in = 1;
  SplitMix64 numbers{0};
};

/// A deterministic engine of registers. What it applied and did not flush is lost with it.
class KvEngine final : public IStateMachine {
 public:
  using Applied = std::function<void(const CommittedCommand&, const KvState& after)>;
  using Installed = std::function<void(const SnapshotMetadata&, const KvState&)>;

  KvEngine(std::shared_ptr<EngineDisk> disk, Applied applied, Installed installed)
      : disk_(std::move(disk)), applied_(std::move(applied)), installed_(std::move(installed)) {}

  Result<RecoveredEngine> recover() override;
  Result<Index> apply(std::span<const CommittedCommand> batch, const Seal& seal) override;
  Result<std::shared_ptr<ISnapshot>> begin_snapshot(const SnapshotMetadata& metadata) override;
  Result<> install_snapshot(const SnapshotMetadata& metadata, ISnapshot& snapshot) override;

  [[nodiscard]] const KvState& state() const { return state_; }
  /// As everybody reads it who is told that a read may be answered.
  [[nodiscard]] std::string value_of(const std::string& key) const;

  /// From outside: what it has applied so far becomes durable, as in an orderly end.
  void flush();

 private:
  [[nodiscard]] CommandResult apply_one(const CommittedCommand& command);

  const std::shared_ptr<EngineDisk> disk_;
  const Applied applied_;
  const Installed installed_;
  bool recovered_ = false;
  KvState state_;
  std::map<std::string, std::string> pairs_;
};

}  // namespace lockstep::sim
