#include "demo_engine.hpp"

namespace lockstep_demo {
namespace {

using namespace lockstep;  // NOLINT: an example of its use

/// FNV-1a: enough to tell whether a place in the log holds what was acknowledged for it.
std::uint64_t fingerprint(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace

Result<RecoveredEngine> DemoEngine::recover() { return RecoveredEngine{}; }

Result<Index> DemoEngine::apply(std::span<const CommittedCommand> batch, const Seal& seal) {
  const std::lock_guard lock(mutex_);
  std::vector<CommandResult> results;
  results.reserve(batch.size());
  for (const CommittedCommand& command : batch) {
    const std::string_view text = command.payload.view();
    fingerprints_[command.id.index] = fingerprint(text);
    CommandResult result;
    if (!text.starts_with(kMarkerPrefix)) {
      const ApplyResult applied = engine_.apply(text);
      ++deliveries_;
      if (!applied.accepted) {
        ++rejected_;
        result = {std::make_error_code(std::errc::invalid_argument), applied.reason};
      }
    }
    results.push_back(std::move(result));
  }
  seal(std::move(results));  // an engine with a disk would store what this returns
  return Index{};            // nothing here outlives the process
}

Result<std::shared_ptr<ISnapshot>> DemoEngine::begin_snapshot(const SnapshotMetadata&) {
  return Error(Errc::kNotSupported);
}

Result<> DemoEngine::install_snapshot(const SnapshotMetadata&, ISnapshot&) {
  return Error(Errc::kNotSupported);
}

EngineReport DemoEngine::report() const {
  const std::lock_guard lock(mutex_);
  return {engine_.contents_sha256(), engine_.size(), engine_.open_transactions(), deliveries_,
          rejected_};
}

bool DemoEngine::holds(Index index, std::string_view payload) const {
  const std::lock_guard lock(mutex_);
  const auto found = fingerprints_.find(index);
  return found != fingerprints_.end() && found->second == fingerprint(payload);
}

}  // namespace lockstep_demo
