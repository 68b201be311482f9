#include "replication/engine_host.hpp"

#include <exception>
#include <utility>

#include "replication/sealed_pairs.hpp"
#include "replication/snapshot_format.hpp"

namespace lockstep::replication {
namespace {

Error failed_to_apply(const Error& error) {
  return Error(Errc::kStateMachineFailed, "the engine failed to apply: " + error.message);
}

Error cannot_read(const Entry& entry) {
  return Error(Errc::kUnknownEntryKind, "the session entry at index " +
                                            to_string(entry.header.index) +
                                            " is of a format that this version does not know: "
                                            "update this node");
}

}  // namespace

Result<RecoveredEngine> EngineHost::recover() {
  try {
    Result<RecoveredEngine> recovered = engine_->recover();
    if (recovered) {
      pairs_ = {recovered->pairs.begin(), recovered->pairs.end()};
      sessions_.restore(pairs_);
    }
    return recovered;
  } catch (const std::exception& exception) {
    return Error(Errc::kStateMachineFailed,
                 std::string("the engine failed to recover: ") + exception.what());
  } catch (...) {
    return Error(Errc::kStateMachineFailed, "the engine failed to recover");
  }
}

/// Entries that are applied and sealed in one go.
struct EngineHost::Stretch {
  /// An entry that somebody may wait for.
  struct Awaited {
    PendingWrites::Applied applied;
    /// The engine's result comes at this place among the commands.
    std::optional<std::size_t> command{};
    std::optional<SessionWrite> session{};
  };
  std::span<const Entry> entries;
  std::vector<CommittedCommand> commands;
  std::vector<Awaited> awaited{};
};

Result<AppliedBatch> EngineHost::apply(const std::vector<Entry>& entries, bool wants_results) {
  AppliedBatch batch;
  batch.last = entries.back().header.index;
  batch.entries = entries.size();
  batch.wants_results = wants_results;
  if (wants_results) batch.results.reserve(entries.size());
  std::span<const Entry> rest(entries);
  while (!rest.empty()) {
    Result<Stretch> stretch = take_stretch(rest, wants_results);
    if (!stretch) return stretch.error();
    rest = rest.subspan(stretch->entries.size());
    if (auto applied = apply_stretch(std::move(*stretch), batch); !applied) return applied.error();
  }
  return batch;
}

/// As many as can be applied before the result of one decides about another; mostly all of them.
Result<EngineHost::Stretch> EngineHost::take_stretch(std::span<const Entry> entries,
                                                     bool wants_results) {
  Stretch stretch;
  stretch.commands.reserve(entries.size());
  if (wants_results) stretch.awaited.reserve(entries.size());
  std::size_t taken = 0;
  for (; taken < entries.size(); ++taken) {
    const Entry& entry = entries[taken];
    if (entry.header.kind == EntryKind::kCommand && !wants_results) {
      stretch.commands.push_back({entry.id(), entry.payload()});
      continue;
    }
    Stretch::Awaited awaited{{entry.header.index, {}}};
    if (entry.header.kind == EntryKind::kCommand) {
      awaited.command = stretch.commands.size();
      stretch.commands.push_back({entry.id(), entry.payload()});
    } else if (entry.header.kind == EntryKind::kOpenSession) {
      const auto open = decode_open_session(entry.payload());
      if (!open) return cannot_read(entry);
      if (sessions_.must_wait_to_open()) break;
      sessions_.open(entry.header.index, *open);
    } else if (entry.header.kind == EntryKind::kSessionCommand) {
      const auto command = decode_session_command(entry.payload());
      if (!command) return cannot_read(entry);
      if (sessions_.must_wait(*command)) break;
      auto verdict = sessions_.admit(*command);
      if (auto* known = std::get_if<SessionTable::Known>(&verdict)) {
        awaited.applied.result = std::move(known->result);
      } else if (auto* refused = std::get_if<SessionTable::Refused>(&verdict)) {
        awaited.applied.refused = std::move(refused->error);
      } else {
        awaited.command = stretch.commands.size();
        awaited.session = command->write;
        stretch.commands.push_back({entry.id(), command->command});
      }
    } else {
      continue;
    }
    if (wants_results || awaited.session) stretch.awaited.push_back(std::move(awaited));
  }
  stretch.entries = entries.first(taken);
  return stretch;
}

Result<> EngineHost::apply_stretch(Stretch stretch, AppliedBatch& batch) {
  const EntryId last = stretch.entries.back().id();
  add_to_chain(stretch.entries, batch);
  std::size_t seals = 0;
  bool complete = false;
  const Seal seal_stretch = [&](std::vector<CommandResult> results) {
    ++seals;
    complete = results.size() == stretch.commands.size();
    if (seals == 1 && complete) note_results(stretch, std::move(results), batch);
    return seal(batch, last);
  };
  try {
    const Result<Index> durable = engine_->apply(stretch.commands, seal_stretch);
    if (!durable) return failed_to_apply(durable.error());
    if (*durable > last.index) {
      return failed_to_apply(
          Error(Errc::kStateMachineFailed, "it reports index " + to_string(*durable) +
                                               " as durable, beyond the batch, which ends at " +
                                               to_string(last.index)));
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
                                     std::to_string(stretch.commands.size()) + " commands"));
  }
  return {};
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

Result<> EngineHost::install(SnapshotImage image) {
  SnapshotMetadata& metadata = image.metadata;
  const Boundary boundary = boundary_of(metadata);
  std::erase_if(metadata.pairs, [](const auto& pair) { return pair.first == kBoundaryKey; });
  metadata.pairs.emplace_back(kBoundaryKey, encode(boundary).view());
  const auto failed = [](const std::string& why) {
    return Error(Errc::kStateMachineFailed, "the engine failed to install a snapshot: " + why);
  };
  try {
    const Result<> installed = engine_->install_snapshot(metadata, *image.state);
    if (!installed) return failed(installed.error().message);
  } catch (const std::exception& exception) {
    return failed(exception.what());
  } catch (...) {
    return failed("an unknown exception");
  }
  pairs_ = {metadata.pairs.begin(), metadata.pairs.end()};
  sessions_.restore(pairs_);
  chain_ = chain_of(boundary);
  return {};
}

void EngineHost::note_results(Stretch& stretch, std::vector<CommandResult> results,
                              AppliedBatch& batch) {
  for (Stretch::Awaited& awaited : stretch.awaited) {
    if (awaited.command) awaited.applied.result = std::move(results[*awaited.command]);
    if (const auto& write = awaited.session) {
      sessions_.record(write->session, write->sequence, awaited.applied.result);
    }
    if (batch.wants_results) batch.results.push_back(std::move(awaited.applied));
  }
}

void EngineHost::add_to_chain(std::span<const Entry> entries, AppliedBatch& batch) {
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
  for (SealedPair& pair : sessions_.take_changes()) pairs.push_back(std::move(pair));
  for (const SealedPair& pair : pairs) {
    if (pair.value) {
      pairs_[pair.key] = *pair.value;
    } else {
      pairs_.erase(pair.key);
    }
  }
  return pairs;
}

}  // namespace lockstep::replication
