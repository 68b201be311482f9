#include "replication/engine_host.hpp"

#include <exception>
#include <utility>

#include "replication/sealed_pairs.hpp"

namespace lockstep::replication {
namespace {

Error failed_to_apply(const Error& error) {
  return Error(Errc::kStateMachineFailed, "the engine failed to apply: " + error.message);
}

}  // namespace

Result<RecoveredEngine> EngineHost::recover() {
  try {
    Result<RecoveredEngine> recovered = engine_->recover();
    if (recovered) pairs_ = {recovered->pairs.begin(), recovered->pairs.end()};
    return recovered;
  } catch (const std::exception& exception) {
    return Error(Errc::kStateMachineFailed,
                 std::string("the engine failed to recover: ") + exception.what());
  } catch (...) {
    return Error(Errc::kStateMachineFailed, "the engine failed to recover");
  }
}

Result<AppliedBatch> EngineHost::apply(const std::vector<Entry>& entries) {
  std::vector<CommittedCommand> commands;
  commands.reserve(entries.size());
  for (const Entry& entry : entries) {
    if (entry.header.kind == EntryKind::kCommand) commands.push_back({entry.id(), entry.payload()});
  }
  AppliedBatch batch;
  batch.last = entries.back().header.index;
  batch.entries = entries.size();
  add_to_chain(entries, batch);

  std::size_t seals = 0;
  bool complete = false;
  const Seal seal_batch = [&](std::vector<CommandResult> results) {
    ++seals;
    complete = results.size() == commands.size();
    for (std::size_t i = 0; complete && i < results.size(); ++i) {
      batch.results.push_back({commands[i].id.index, std::move(results[i])});
    }
    return seal(batch, entries.back().id());
  };
  try {
    const Result<Index> durable = engine_->apply(commands, seal_batch);
    if (!durable) return failed_to_apply(durable.error());
    if (*durable > batch.last) {
      return failed_to_apply(
          Error(Errc::kStateMachineFailed, "it reports index " + to_string(*durable) +
                                               " as durable, beyond the batch, which ends at " +
                                               to_string(batch.last)));
    }
    batch.durable_applied = *durable;
  } catch (const std::exception& exception) {
    return failed_to_apply(Error(Errc::kStateMachineFailed, exception.what()));
  } catch (...) {
    return failed_to_apply(Error(Errc::kStateMachineFailed, "an unknown exception"));
  }
  if (seals != 1 || !complete) {
    return failed_to_apply(Error(Errc::kStateMachineFailed,
                                 "apply must call seal once, with one result for each of its " +
                                     std::to_string(commands.size()) + " commands"));
  }
  return batch;
}

Result<SnapshotImage> EngineHost::begin_snapshot(SnapshotMetadata metadata) {
  metadata.pairs.assign(pairs_.begin(), pairs_.end());
  try {
    Result<std::shared_ptr<ISnapshot>> state = engine_->begin_snapshot(metadata);
    if (!state) return state.error();
    if (*state == nullptr)
      return Error(Errc::kStateMachineFailed, "its snapshot is a null pointer");
    return SnapshotImage{std::move(metadata), std::move(*state)};
  } catch (const std::exception& exception) {
    return Error(Errc::kStateMachineFailed, exception.what());
  } catch (...) {
    return Error(Errc::kStateMachineFailed, "an unknown exception");
  }
}

void EngineHost::add_to_chain(const std::vector<Entry>& entries, AppliedBatch& batch) {
  if (!chain_) return;
  batch.digests.reserve(entries.size());
  for (const Entry& entry : entries) {
    batch.digests.push_back(entry.digest);
    if (const auto made = chain_->add(sha_, entry.digest)) batch.checkpoints.push_back(*made);
  }
}

std::vector<SealedPair> EngineHost::seal(const AppliedBatch& batch, EntryId last) {
  std::vector<SealedPair> pairs{applied_pair(last)};
  if (!batch.checkpoints.empty()) pairs.push_back(checkpoint_pair(batch.checkpoints.back()));
  for (const SealedPair& pair : pairs) pairs_[pair.key] = *pair.value;
  return pairs;
}

}  // namespace lockstep::replication
