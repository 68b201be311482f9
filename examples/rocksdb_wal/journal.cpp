#include "journal.hpp"

namespace rocksdb_wal {

std::vector<std::string> Journal::lines() const {
  const std::lock_guard lock(mutex_);
  return lines_;
}

Result<Index> Journal::apply(std::span<const CommittedCommand> batch, const Seal& seal) {
  {
    const std::lock_guard lock(mutex_);
    for (const CommittedCommand& command : batch) lines_.emplace_back(command.payload.view());
  }
  seal(std::vector<CommandResult>(batch.size()));
  return Index{};  // nothing durable
}

}  // namespace rocksdb_wal
