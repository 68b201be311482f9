#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/byte_codec.hpp"
#include "lockstep/state_machine.hpp"
#include "replication/waiting.hpp"

namespace lockstep::test {

/// Commands and the indexes of their entries.
using AppliedCommands = std::vector<std::pair<std::uint64_t, std::string>>;

/// What a RecordingEngine keeps over a restart.
struct EngineDisk {
  std::mutex mutex;
  Index durable;
  std::map<std::string, std::string> pairs;
  AppliedCommands state;
};

inline std::vector<std::uint8_t> encode_commands(const AppliedCommands& commands) {
  ByteWriter writer;
  for (const auto& [index, text] : commands) {
    writer.u64(index);
    writer.sized(as_bytes(text));
  }
  return writer.take();
}

inline std::optional<AppliedCommands> decode_commands(ByteSpan bytes) {
  AppliedCommands commands;
  ByteReader reader(bytes);
  while (!reader.failed() && reader.remaining() > 0) {
    const std::uint64_t index = reader.u64();
    const ByteSpan text = reader.sized();
    commands.emplace_back(index, std::string(text.begin(), text.end()));
  }
  if (reader.failed()) return std::nullopt;
  return commands;
}

/// Bytes that were there when it was made.
class RecordingSnapshot final : public ISnapshot {
 public:
  explicit RecordingSnapshot(SharedBuffer bytes, std::shared_ptr<std::atomic<int>> alive)
      : bytes_(std::move(bytes)), alive_(std::move(alive)) {
    ++*alive_;
  }
  ~RecordingSnapshot() override { --*alive_; }
  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
  [[nodiscard]] Result<SharedBuffer> read(std::uint64_t offset, std::size_t max_bytes) override {
    if (offset >= bytes_.size()) return SharedBuffer();
    return SharedBuffer::adopt(
        {bytes_.bytes().begin() + static_cast<std::ptrdiff_t>(offset),
         bytes_.bytes().begin() + static_cast<std::ptrdiff_t>(
                                      std::min<std::uint64_t>(bytes_.size(), offset + max_bytes))});
  }

 private:
  const SharedBuffer bytes_;
  const std::shared_ptr<std::atomic<int>> alive_;
};

/// Remembers what it applied, in order, and gives it away in snapshots. A command "reject..." is
/// rejected; "fail" and "throw" are engines that fail; "no seal", "two seals" and "few results"
/// break the rules of `apply`.
class RecordingEngine final : public IStateMachine {
 public:
  using Applied = AppliedCommands::value_type;

  /// `disk` empty: volatile, everything is applied again in the next life.
  explicit RecordingEngine(std::shared_ptr<EngineDisk> disk = {}) : disk_(std::move(disk)) {}

  Result<RecoveredEngine> recover() override {
    gate.pass();
    if (fail_recovery) return Error(Errc::kIo, "the engine's disk is gone");
    RecoveredEngine recovered;
    if (!disk_) return recovered;
    const std::lock_guard lock(disk_->mutex);
    recovered.durable_applied = disk_->durable;
    recovered.pairs.assign(disk_->pairs.begin(), disk_->pairs.end());
    const std::lock_guard own_lock(mutex_);
    state_ = disk_->state;
    return recovered;
  }

  Result<Index> apply(std::span<const CommittedCommand> batch, const Seal& seal) override {
    if (inside_.exchange(true)) throw std::logic_error("apply runs concurrently with itself");
    gate.pass();
    ++batches;
    const Result<Index> result = apply_batch(batch, seal);
    inside_ = false;
    return result;
  }

  Result<std::shared_ptr<ISnapshot>> begin_snapshot(const SnapshotMetadata& metadata) override {
    if (no_snapshots) return Error(Errc::kNotSupported);
    snapshots.store(metadata.last.index.value());
    return std::shared_ptr<ISnapshot>(std::make_shared<RecordingSnapshot>(
        SharedBuffer::adopt(encode_commands(state())), snapshots_alive));
  }

  Result<> install_snapshot(const SnapshotMetadata& metadata, ISnapshot& snapshot) override {
    install_gate.pass();
    if (fail_install) return Error(Errc::kIo, "no room in the engine");
    std::vector<std::uint8_t> bytes;
    while (bytes.size() < snapshot.size()) {
      // Not in the pieces that it came in.
      const auto piece = snapshot.read(bytes.size(), 1000);
      if (!piece) return piece.error();
      if (piece->empty()) return Error(Errc::kCorruption, "the snapshot is too short");
      bytes.insert(bytes.end(), piece->bytes().begin(), piece->bytes().end());
    }
    auto commands = decode_commands(bytes);
    if (!commands) return Error(Errc::kCorruption, "the snapshot is no list of commands");
    if (disk_) {
      const std::lock_guard lock(disk_->mutex);
      disk_->state = *commands;
      disk_->pairs = {metadata.pairs.begin(), metadata.pairs.end()};
      disk_->durable = metadata.last.index;
    }
    const std::lock_guard lock(mutex_);
    state_ = std::move(*commands);
    ++installs;
    return {};
  }

  /// All that it has ever applied, or has from a snapshot.
  [[nodiscard]] AppliedCommands state() const {
    const std::lock_guard lock(mutex_);
    return state_;
  }
  /// In this life, itself.
  [[nodiscard]] std::vector<Applied> applied() const {
    const std::lock_guard lock(mutex_);
    return applied_;
  }
  /// Without their places.
  [[nodiscard]] std::vector<std::string> texts() const {
    std::vector<std::string> texts;
    for (auto& [index, text] : applied()) texts.push_back(std::move(text));
    return texts;
  }
  [[nodiscard]] std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return applied_.size();
  }

  Gate gate;
  Gate install_gate;
  std::atomic<bool> fail_recovery{false};
  std::atomic<bool> fail_install{false};
  std::atomic<bool> no_snapshots{false};
  /// The index of the newest image; how many there are at this moment, and how many were installed.
  std::atomic<std::uint64_t> snapshots{0};
  const std::shared_ptr<std::atomic<int>> snapshots_alive = std::make_shared<std::atomic<int>>(0);
  std::atomic<int> installs{0};
  std::atomic<int> batches{0};

 private:
  Result<Index> apply_batch(std::span<const CommittedCommand> batch, const Seal& seal) {
    std::vector<CommandResult> results;
    std::vector<Applied> applied;
    for (const CommittedCommand& command : batch) {
      const std::string text(command.payload.view());
      if (text == "fail") return Error(Errc::kIo, "no room in the engine");
      if (text == "throw") throw std::runtime_error("engine bug");
      if (text == "no seal") return Index();
      const bool rejected = text.starts_with("reject");
      CommandResult result;
      if (rejected) result.status = std::make_error_code(std::errc::permission_denied);
      result.value.append("did ").append(text, 0, 32);
      results.push_back(std::move(result));
      applied.emplace_back(command.id.index.value(), text);
      if (text == "few results") results.clear();
      if (text == "two seals") (void)seal({});
    }
    const std::vector<SealedPair> pairs = seal(std::move(results));
    {
      const std::lock_guard lock(mutex_);
      applied_.insert(applied_.end(), applied.begin(), applied.end());
      state_.insert(state_.end(), applied.begin(), applied.end());
    }
    return store(pairs, applied);
  }

  Index store(const std::vector<SealedPair>& pairs, const AppliedCommands& applied) {
    if (!disk_) return Index();
    const std::lock_guard lock(disk_->mutex);
    disk_->state.insert(disk_->state.end(), applied.begin(), applied.end());
    for (const SealedPair& pair : pairs) {
      if (pair.value) {
        disk_->pairs[pair.key] = *pair.value;
      } else {
        disk_->pairs.erase(pair.key);
      }
      if (pair.key == "lockstep/applied") disk_->durable = Index(std::stoull(pair.value.value()));
    }
    return disk_->durable;
  }

  const std::shared_ptr<EngineDisk> disk_;
  std::atomic<bool> inside_{false};
  mutable std::mutex mutex_;
  AppliedCommands applied_;
  AppliedCommands state_;
};

}  // namespace lockstep::test
