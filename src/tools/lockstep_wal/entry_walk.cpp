#include "tools/lockstep_wal/entry_walk.hpp"

#include <algorithm>

#include "tools/lockstep_wal/segment_walk.hpp"

namespace lockstep::tools {
namespace {

Result<> walk_extent(IFile& file, const LogMap::Segment& segment, const LogMap::Extent& extent,
                     IndexRange wanted, const std::function<Result<>(const Entry&)>& take) {
  const Result<std::uint64_t> size = file.size();
  if (!size) return size.error();
  SegmentWalk walk(file, segment.nonce, extent.places.front().offset, std::min(segment.end, *size));
  Index next = wanted.first;
  while (next <= wanted.last) {
    const std::optional<WalkStep> step = walk.next();
    if (!step) return {};
    if (!step->feeds(extent)) {
      if (extent.repaired) return {};
      continue;
    }
    if (step->range().first > wanted.last) return {};
    for (const Entry& entry : step->entries) {
      const Index index = entry.header.index;
      if (index < next || index > wanted.last) continue;
      if (Result<> taken = take(entry); !taken) return taken;
      next = index.next();
    }
  }
  return {};
}

}  // namespace

Result<> for_each_entry(IFileSystem& files, const LogView& view, IndexRange range,
                        const std::function<Result<>(const Entry&)>& take) {
  const LogState& state = view.log.state;
  for (const LogMap::Extent& extent : view.log.map.extents()) {
    const IndexRange wanted{std::max({range.first, extent.range.first, state.first()}),
                            std::min(range.last, extent.range.last)};
    if (wanted.empty()) continue;
    const LogMap::Segment* const segment = view.log.map.segment(extent.segment);
    if (segment == nullptr) continue;
    const Result<std::unique_ptr<IFile>> file =
        files.open_to_read(view.folder + "/" + segment_name(extent.segment));
    if (!file) {
      const Result<LogView> now = view_log(files, view.folder);
      if (!now || now->log.map.segment(extent.segment) != nullptr) return file.error();
      return Error(Errc::kReleased, "entries " + to_string(wanted.first) + ".." +
                                        to_string(wanted.last) +
                                        " were dropped from the log while it was read; try again");
    }
    const auto take_held = [&](const Entry& entry) -> Result<> {
      // Readable, but perhaps replaced by something that is damaged.
      if (state.is_damaged(entry.header.index)) return {};
      return take(entry);
    };
    if (Result<> walked = walk_extent(**file, *segment, extent, wanted, take_held); !walked) {
      return walked;
    }
  }
  return {};
}

}  // namespace lockstep::tools
