#include "tools/lockstep_wal/members.hpp"

#include "base/configuration_codec.hpp"
#include "consensus/configuration_codec.hpp"
#include "tools/lockstep_wal/entry_walk.hpp"

namespace lockstep::tools {
namespace {

std::optional<Configuration> decode(const Entry& entry) {
  const SharedBuffer payload = entry.payload();
  if (auto record = consensus::decode_record(payload.bytes())) {
    return std::move(record->configuration);
  }
  ByteReader reader(payload.bytes());
  Configuration configuration = read_configuration(reader);
  if (!reader.complete()) return std::nullopt;
  return configuration;
}

}  // namespace

Result<Members> find_members(IFileSystem& files, const LogView& view) {
  const WALState& state = view.log.state.get();
  Members members;
  if (!state.newest_configuration) {
    members.source = "unknown: any of the damaged entries may name others";
    return members;
  }
  const Index known = !state.configuration_indexes.empty() ? state.configuration_indexes.back()
                      : state.boundary                     ? state.boundary->last.index
                                                           : Index{};
  if (*state.newest_configuration > known) {
    members.source = "entry " + to_string(*state.newest_configuration) + ", which is damaged";
    return members;
  }
  if (state.configuration_indexes.empty()) {
    members.source = state.boundary ? "the boundary" : "none yet";
    if (state.boundary) members.configuration = state.boundary->configuration;
    return members;
  }
  const Index newest = state.configuration_indexes.back();
  members.source = "entry " + to_string(newest) + ", which cannot be read";
  Result<> walked = for_each_entry(files, view, {newest, newest}, [&](const Entry& entry) {
    members.configuration = decode(entry);
    members.source = "entry " + to_string(newest);
    if (!members.configuration) members.source += ", which holds no members";
    return Result<>();
  });
  if (!walked) return walked.error();
  return members;
}

}  // namespace lockstep::tools
