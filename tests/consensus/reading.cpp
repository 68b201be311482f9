#include "consensus/reading.hpp"

#include "consensus/configuration_codec.hpp"

namespace lockstep::consensus::test {

Recovered recover(const Stored& stored, Index applied) {
  Recovered recovered;
  recovered.wal.identity = stored.identity;
  recovered.wal.hard_state = stored.hard_state;
  recovered.wal.bounds = {stored.first_index(), stored.last_index()};
  recovered.wal.boundary = stored.boundary;
  recovered.wal.last_promised = stored.before_first();
  if (stored.boundary) {
    recovered.configurations.add(stored.boundary->last.index, stored.boundary->configuration);
  }
  recovered.wal.damaged = stored.damaged;
  recovered.wal.newest_configuration = Index{};
  for (const Entry& entry : stored.entries) {
    auto& runs = recovered.wal.term_runs;
    const Index index = entry.header.index;
    const Term term = contains(stored.termless, index) ? Term{} : entry.header.term;
    if (runs.empty() || runs.back().term != term) runs.push_back({term, index});
    if (entry.header.kind == EntryKind::kConfiguration) recovered.wal.newest_configuration = index;
    if (entry.header.kind == EntryKind::kConfiguration && !contains(stored.damaged, index)) {
      recovered.wal.configuration_indexes.push_back(index);
      const auto record = decode_record(entry.payload().bytes());
      if (record) recovered.configurations.add(index, record->configuration);
    }
    recovered.wal.last_promised = entry.id();
  }
  recovered.applied = applied;
  return recovered;
}

std::function<void(Core&)> answer_to(const ReadWanted& read, const Stored& stored) {
  const Index first = read.range.first;
  if (first < stored.first_index()) {
    return [id = read.id](Core& core) { core.read_failed(id, Errc::kReleased); };
  }
  if (contains(stored.damaged, first)) {
    return [id = read.id, first](Core& core) {
      core.read_failed(id, Errc::kCorruption);
      core.damage_found({first, first});
    };
  }
  std::vector<Entry> entries;
  std::size_t bytes = 0;
  for (Index i = first; i <= std::min(read.range.last, stored.last_index()); i = i.next()) {
    bytes += stored.at(i).size_bytes();
    if (!entries.empty() && bytes > read.byte_budget) break;
    if (contains(stored.damaged, i)) break;
    entries.push_back(stored.at(i));
  }
  return [id = read.id, entries](Core& core) { core.read_done(id, entries); };
}

}  // namespace lockstep::consensus::test
