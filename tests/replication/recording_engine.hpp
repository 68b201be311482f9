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

#include "lockstep/state_machine.hpp"
#include "replication/waiting.hpp"

namespace lockstep::test {

/// What a RecordingEngine keeps over a restart.
struct EngineDisk {
  std::mutex mutex;
  Index durable;
  std::map<std::string, std::string> pairs;
};

/// Remembers what it applied, in order. A command "reject..." is rejected; "fail" and "throw" are
/// engines that fail; "no seal", "two seals" and "few results" break the rules of `apply`.
class RecordingEngine final : public IStateMachine {
 public:
  using Applied = std::pair<std::uint64_t, std::string>;

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

  Result<std::shared_ptr<ISnapshot>> begin_snapshot(const SnapshotMetadata&) override {
    return Error(Errc::kNotSupported);
  }
  Result<> install_snapshot(const SnapshotMetadata&, ISnapshot&) override {
    return Error(Errc::kNotSupported);
  }

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
  std::atomic<bool> fail_recovery{false};
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
    }
    return store(pairs);
  }

  Index store(const std::vector<SealedPair>& pairs) {
    if (!disk_) return Index();
    const std::lock_guard lock(disk_->mutex);
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
  std::vector<Applied> applied_;
};

}  // namespace lockstep::test
